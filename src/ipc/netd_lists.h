#pragma once
/**
 * The lists in a message between sallyportd and sallyport-netd, and what they are made of. Part of the codec
 * (ipc/netd_message.c): the readers spoil the reader when something makes no sense; lists that were read are owned by
 * the message, also then.
 */

#include "base/bytes.h"
#include "ipc/netd_message.h"

/** A number that may be at most @max. */
uint32_t netd_number_read(struct sp_reader *reader, uint32_t max);

/** Maybe none. */
void netd_address_write(struct sp_writer *writer, struct ip_address address);
struct ip_address netd_address_read(struct sp_reader *reader);

void netd_cidr_write(struct sp_writer *writer, const struct cidr *cidr);
struct cidr netd_cidr_read(struct sp_reader *reader);

void netd_servers_write(struct sp_writer *writer, const struct netd_message *message);
void netd_servers_read(struct sp_reader *reader, struct netd_message *message);

/** What they count towards EGRESS_RULES_MAX. */
size_t netd_rules_weight(const struct netd_message *message);
void netd_rules_write(struct sp_writer *writer, const struct netd_message *message);
void netd_rules_read(struct sp_reader *reader, struct netd_message *message);

void netd_routes_write(struct sp_writer *writer, const struct netd_message *message);
void netd_routes_read(struct sp_reader *reader, struct netd_message *message);

void netd_mappings_write(struct sp_writer *writer, const struct netd_message *message);
void netd_mappings_read(struct sp_reader *reader, struct netd_message *message);
