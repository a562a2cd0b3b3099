/* What is told of a file's end, member for member: an event of EventBridge, and a record in CloudWatch Logs. */
#include "test.h"

#include "base/scope.h"
#include "events/envelope.h"

#define CONFIGURATION "arn:aws:vpc-lattice:eu-central-1:123456789012:resourceconfiguration/rcfg-1"

static const struct event_place place = { .region = "eu-central-1", .account = "123456789012" };

static struct event sent(void)
{
	return (struct event){
		.number = 7,
		.id = "0a1b2c3d-0000-4000-8000-000000000001",
		.connector_id = "c-0123456789abcdef0",
		.direction = TRANSFER_SEND,
		.state = FILE_COMPLETED,
		.time_ms = 1706120888987, /* 2024-01-24T18:28:08.987Z */
		.url = "sftp://partner.example:2222",
		.transfer_id = "11111111-2222-4333-8444-555555555555",
		.file_id = "00112233445566778899aabbccddeeff",
		.path = "/bucket/out/a.csv",
		.bucket = "bucket",
		.key = "out/a.csv",
		.bytes = 63533,
		.queued_ms = 1706120880000,
		.started_ms = 1706120887900,
		.ended_ms = 1706120888900,
	};
}

static struct event fetched(void)
{
	struct event event = sent();
	event.direction = TRANSFER_RETRIEVE;
	event.path = "/out/b.csv";
	event.local_directory = "/bucket/in";
	event.key = "in/b\xff.csv"; /* bytes */
	return event;
}

static void make_fail(struct event *event)
{
	event->state = FILE_FAILED;
	event->bytes = 0;
	event->failure_code = "WRITE_FILE_ERROR";
	event->failure_message = "could not send \"/bucket/out/a.csv\": \xff";
}

static void make_private(struct event *event)
{
	event->url = NULL;
	event->configuration_arn = CONFIGURATION;
	event->port = 22;
}

/* Quotes are apostrophes in @expected. */
static void assert_json(json_t *value, const char *expected)
{
	SP_AUTO_FREE char *text = sp_strdup(expected);
	for (char *at = text; *at != '\0'; at++)
		*at = *at == '\'' ? '"' : *at;
	json_error_t where;
	SP_AUTO_JSON json_t *wanted = json_loads(text, 0, &where);
	if (wanted == NULL)
		fail_msg("%s: %s", where.text, text);
	SP_AUTO_FREE char *got = sp_json_text(value);
	if (!json_equal(value, wanted))
		fail_msg("%s\nis not\n%s", got, text);
	json_decref(value);
}

#define AROUND(title, detail)                                                                      \
	"{'version': '0', 'id': '0a1b2c3d-0000-4000-8000-000000000001',"                           \
	" 'detail-type': 'SFTP Connector " title "', 'source': 'aws.transfer',"                    \
	" 'account': '123456789012', 'time': '2024-01-24T18:28:08Z', 'region': 'eu-central-1',"    \
	" 'resources': ['arn:aws:transfer:eu-central-1:123456789012:connector/"                    \
	"c-0123456789abcdef0'], 'detail': {" detail "}}"

#define IDS                                                                                        \
	" 'transfer-id': '11111111-2222-4333-8444-555555555555',"                                  \
	" 'file-transfer-id': '11111111-2222-4333-8444-555555555555/"                              \
	"00112233445566778899aabbccddeeff', 'connector-id': 'c-0123456789abcdef0',"

#define TIMES                                                                                      \
	" 'start-timestamp': '2024-01-24T18:28:07.900Z', 'end-timestamp': "                        \
	"'2024-01-24T18:28:08.900Z',"

#define OPEN_WAY                                                                                   \
	" 'url': 'sftp://partner.example:2222', 'egress-type': 'SERVICE_MANAGED',"                 \
	" 'vpc-lattice-resource-configuration-arn': null, 'vpc-lattice-port-number': null,"

#define PRIVATE_WAY                                                                                \
	" 'url': null, 'egress-type': 'VPC_LATTICE',"                                              \
	" 'vpc-lattice-resource-configuration-arn': '" CONFIGURATION "',"                          \
	" 'vpc-lattice-port-number': 22,"

static void a_file_that_was_sent(void **state)
{
	(void)state;
	struct event event = sent();
	assert_json(event_to_json(&event, &place),
		    AROUND("File Send Completed",
			   "'operation': 'SEND'," IDS OPEN_WAY TIMES
			   " 'file-path': '/bucket/out/a.csv', 'status-code': 'COMPLETED',"
			   " 'remote-directory-path': '', 'bytes': 63533, 'local-file-location':"
			   " {'domain': 'S3', 'bucket': 'bucket', 'key': 'out/a.csv'}"));
}

static void a_file_that_was_not_sent(void **state)
{
	(void)state;
	struct event event = sent();
	make_fail(&event);
	make_private(&event);
	event.remote_directory = "/in";
	event.started_ms = 0; /* then it began when it was asked for */
	assert_json(event_to_json(&event, &place),
		    AROUND("File Send Failed",
			   "'operation': 'SEND'," IDS PRIVATE_WAY
			   " 'start-timestamp': '2024-01-24T18:28:00.000Z',"
			   " 'end-timestamp': '2024-01-24T18:28:08.900Z',"
			   " 'file-path': '/bucket/out/a.csv', 'status-code': 'FAILED',"
			   " 'failure-code': 'WRITE_FILE_ERROR', 'failure-message':"
			   " 'could not send \\\"/bucket/out/a.csv\\\": \\\\xff',"
			   " 'remote-directory-path': '/in', 'bytes': 0, 'local-file-location':"
			   " {'domain': 'S3', 'bucket': 'bucket', 'key': 'out/a.csv'}"));
}

#define MAIN_IDS(id)                                                                               \
	" '" id "': '11111111-2222-4333-8444-555555555555', 'connector-id': "                      \
	"'c-0123456789abcdef0',"

static void a_directory_that_was_listed(void **state)
{
	(void)state;
	struct event event = fetched();
	event.direction = TRANSFER_LIST;
	event.path = "/out";
	event.remote_directory = "/out";
	event.local_directory = "/bucket/lists";
	event.key = "lists/c-1.json";
	event.items_max = 1000;
	event.items = 1000;
	event.truncated = true;
	assert_json(event_to_json(&event, &place),
		    AROUND("Directory Listing Completed", MAIN_IDS("listing-id") OPEN_WAY TIMES
			   " 'status-code': 'COMPLETED', 'remote-directory-path': '/out',"
			   " 'output-directory-path': '/bucket/lists', 'max-items': 1000,"
			   " 'item-count': 1000, 'truncated': true, 'output-file-location':"
			   " {'domain': 'S3', 'bucket': 'bucket', 'key': 'lists/c-1.json'}"));
}

static void what_was_moved_or_deleted_and_what_was_not(void **state)
{
	(void)state;
	struct event event = sent();
	event.direction = TRANSFER_MOVE;
	event.path = "/in/a";
	event.remote_directory = "/in/b";
	event.bucket = event.key = NULL;
	assert_json(event_to_json(&event, &place),
		    AROUND("Remote Move Completed", MAIN_IDS("move-id") OPEN_WAY TIMES
			   " 'status-code': 'COMPLETED', 'source-path': '/in/a',"
			   " 'target-path': '/in/b'"));
	event.direction = TRANSFER_DELETE;
	event.remote_directory = NULL;
	make_fail(&event);
	event.failure_code = "DELETE_ERROR";
	assert_json(event_to_json(&event, &place),
		    AROUND("Remote Delete Failed", MAIN_IDS("delete-id") OPEN_WAY TIMES
			   " 'status-code': 'FAILED', 'delete-path': '/in/a',"
			   " 'failure-code': 'DELETE_ERROR', 'failure-message':"
			   " 'could not send \\\"/bucket/out/a.csv\\\": \\\\xff'"));
}

static void a_file_that_was_fetched(void **state)
{
	(void)state;
	struct event event = fetched();
	make_private(&event);
	assert_json(event_to_json(&event, &place),
		    AROUND("File Retrieve Completed",
			   "'operation': 'RETRIEVE'," IDS PRIVATE_WAY TIMES
			   " 'file-path': '/out/b.csv', 'status-code': 'COMPLETED',"
			   " 'local-directory-path': '/bucket/in', 'bytes': 63533,"
			   " 'local-file-location':"
			   " {'domain': 'S3', 'bucket': 'bucket', 'key': 'in/b\\\\xff.csv'}"));
}

static void a_file_whose_path_names_nothing(void **state)
{
	(void)state;
	struct event event = fetched();
	make_fail(&event);
	event.failure_message = "no";
	event.bucket = event.key = NULL;
	assert_json(event_to_json(&event, &place),
		    AROUND("File Retrieve Failed",
			   "'operation': 'RETRIEVE'," IDS OPEN_WAY TIMES
			   " 'file-path': '/out/b.csv', 'status-code': 'FAILED',"
			   " 'failure-code': 'WRITE_FILE_ERROR', 'failure-message': 'no',"
			   " 'local-directory-path': '/bucket/in', 'bytes': 0,"
			   " 'local-file-location': null"));
}

static void a_record_of_what_was_sent_has_what_is_known_and_no_nulls(void **state)
{
	(void)state;
	struct event event = sent();
	event.remote_directory = "/in/";
	SP_AUTO_FREE char *text = event_log_text(&event, &place);
	assert_json(json_loads(text, 0, NULL),
		    "{'operation': 'SEND', 'timestamp': '2024-01-24T18:28:08.987Z'," IDS
		    " 'url': 'sftp://partner.example:2222', 'file-path': '/bucket/out/a.csv',"
		    " 'status-code': 'COMPLETED', 'start-time': '2024-01-24T18:28:07.900Z',"
		    " 'end-time': '2024-01-24T18:28:08.900Z', 'account-id': '123456789012',"
		    " 'connector-arn': 'arn:aws:transfer:eu-central-1:123456789012:connector/"
		    "c-0123456789abcdef0', 'remote-directory-path': '/in/', 'bytes': 63533,"
		    " 'egress-type': 'SERVICE_MANAGED'}");
}

static void a_record_of_what_never_began_has_no_times_of_it(void **state)
{
	(void)state;
	struct event event = fetched();
	make_fail(&event);
	make_private(&event);
	event.failure_code = "TIMEOUT_ERROR";
	event.failure_message = "Transfer request timeout.";
	event.started_ms = 0;
	SP_AUTO_FREE char *text = event_log_text(&event, &place);
	assert_json(json_loads(text, 0, NULL),
		    "{'operation': 'RETRIEVE', 'timestamp': '2024-01-24T18:28:08.987Z'," IDS
		    " 'file-path': '/out/b.csv', 'status-code': 'FAILED',"
		    " 'failure-code': 'TIMEOUT_ERROR',"
		    " 'failure-message': 'Transfer request timeout.', 'account-id': '123456789012',"
		    " 'connector-arn': 'arn:aws:transfer:eu-central-1:123456789012:connector/"
		    "c-0123456789abcdef0', 'local-directory-path': '/bucket/in', 'bytes': 0,"
		    " 'egress-type': 'VPC_LATTICE',"
		    " 'vpc-lattice-resource-configuration-arn': '" CONFIGURATION "',"
		    " 'vpc-lattice-port-number': 22}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_that_was_sent),
		cmocka_unit_test(a_file_that_was_not_sent),
		cmocka_unit_test(a_directory_that_was_listed),
		cmocka_unit_test(what_was_moved_or_deleted_and_what_was_not),
		cmocka_unit_test(a_file_that_was_fetched),
		cmocka_unit_test(a_file_whose_path_names_nothing),
		cmocka_unit_test(a_record_of_what_was_sent_has_what_is_known_and_no_nulls),
		cmocka_unit_test(a_record_of_what_never_began_has_no_times_of_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
