#pragma once
/** What a connection learnt on its way, as the daemon is told in TEST_RESULT. */

#include "ipc/worker_message.h"
#include "remote/session.h"
#include "remote/transport.h"

/** Sets @out's members of TEST_RESULT; texts are copied. @features: NULL when there was no SFTP session. */
void test_report_fill(struct worker_message *out, const struct transport_report *report,
		      const struct remote_features *features);
