#pragma once
/** Port ranges of resource configurations: "22", "1000-2000" (VPC Lattice API: portRanges). Pure. */

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/error.h"
#include "model/network.h"

enum { PORT_RANGE_TEXT_SIZE = 12 }; /* "65535-65535" */

/** 1 … 65535, low ≤ high. SP_INVALID quotes the text. */
int port_range_parse(const char *text, struct port_range *out, struct sp_error *err);
/** None may overlap another. SP_INVALID names both. */
int port_ranges_check(const struct port_range *ranges, size_t count, struct sp_error *err);
bool port_ranges_contain(const struct port_range *ranges, size_t count, uint16_t port);
/** "22-22": as VPC Lattice answers; a single port too. */
void port_range_text(const struct port_range *range, char out[PORT_RANGE_TEXT_SIZE]);
/** "22, 2200-2299": for sentences. */
void port_ranges_describe(const struct port_range *ranges, size_t count, struct sp_buffer *out);
