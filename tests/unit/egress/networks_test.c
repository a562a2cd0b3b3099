/* Networks of kernel namespaces, against a netd that only notes what it is told. */

#include "networks_world.h"

#include <fcntl.h>

#include "egress/host_addresses.h"
#include "store/connectors.h"

#define CONNECTOR "c-00000000000000001"

/* ---- what changes, and what is seen ---- */

static int look_at_connector(struct db *db, void *ctx, struct sp_error *err)
{
	struct gateway_look *look = ctx;
	struct connector connector;
	if (connectors_find(db, CONNECTOR, &connector, err) != 0)
		return -1;
	static const char *const names[] = { "active", "pending", "errored" };
	snprintf(look->text, sizeof(look->text), "%s%s%s", names[connector.state],
		 connector.failure != NULL ? ": " : "",
		 connector.failure != NULL ? connector.failure : "");
	connector_finish(&connector);
	return 0;
}

static bool connector_is(struct fixture *f, const char *text)
{
	struct gateway_look look = { 0 };
	struct sp_error err = { 0 };
	assert_int_equal(store_read(f->house.store, look_at_connector, &look, &err), 0);
	return strcmp(look.text, text) == 0;
}

static int replace_gateway(struct db *db, void *ctx, struct sp_error *err)
{
	if (configurations_delete(db, CONFIGURATION, err) != 0 ||
	    gateways_delete(db, GATEWAY, err) != 0)
		return -1;
	return add_gateway(db, ctx, err);
}

static int delete_all(struct db *db, void *ctx, struct sp_error *err)
{
	(void)ctx;
	if (configurations_delete(db, CONFIGURATION, err) != 0 ||
	    gateways_delete(db, GATEWAY, err) != 0 || subnets_delete(db, SUBNET, err) != 0 ||
	    security_groups_delete(db, GROUP, err) != 0)
		return -1;
	return vpcs_delete(db, VPC, err);
}

static int add_connector(struct db *db, void *ctx, struct sp_error *err)
{
	struct connector connector = {
		.id = CONNECTOR,
		.access_role = (char[]){ "arn:aws:iam::0:role/r" },
		.user_secret_id = (char[]){ "secret" },
		.max_connections = 1,
		.security_policy = (char[]){ "TransferSFTPConnectorSecurityPolicy-2024-03" },
		.configuration_arn = (char[]){ ARN_OF(CONFIGURATION) },
		.port = *(int *)ctx,
		.state = CONNECTOR_PENDING
	};
	return connectors_insert(db, &connector, err);
}

/* ---- telling ---- */

static void tells_all_from_the_ground_up_and_notes_that_it_is_there(void **state)
{
	struct fixture *f = *state;
	open_networks(f, netd_peer_open(&f->peer, f->loop), false, "auto");
	turn_until(f, gateway_is, "being made");
	assert_string_equal(sp_buffer_text(&f->peer.told), "");
	netd_peer_hello(&f->peer);
	turn_until(f, gateway_is, "active");
	assert_string_equal(sp_buffer_text(&f->peer.told), ALL);
}

static void says_nothing_about_what_stays_as_it_is(void **state)
{
	struct fixture *f = *state;
	begin(f);
	networks_wake(f->networks);
	change(f, add_gateway, NULL);
	turn_until(f, told_all, "ENI " OTHER_ENI " rules=0 servers=0\n");
	assert_string_equal(sp_buffer_text(&f->peer.told), "ENI " OTHER_ENI " rules=0 servers=0\n");
}

static void a_changed_group_is_told_to_its_enis_only(void **state)
{
	struct fixture *f = *state;
	begin(f);
	change(f, add_gateway, NULL);
	turn_until(f, told_all, "ENI " OTHER_ENI " rules=0 servers=0\n");
	sp_buffer_clear(&f->peer.told);
	change(f, allow_more, (char[]){ OTHER_GROUP });
	turn_until(f, told_all, "ENI " OTHER_ENI " rules=1 servers=0\n");
	assert_string_equal(sp_buffer_text(&f->peer.told), "ENI " OTHER_ENI " rules=1 servers=0\n");
}

static void what_goes_goes_before_what_comes(void **state)
{
	struct fixture *f = *state;
	begin(f);
	change(f, replace_gateway, NULL);
	turn_until(f, told_all, "ENI " OTHER_ENI " rules=0 servers=0\n");
	assert_string_equal(sp_buffer_text(&f->peer.told),
			    "REMOVE " FIRST_ENI "\nREMOVE " SECOND_ENI "\nENI " OTHER_ENI
			    " rules=0 servers=0\n");
}

static void what_stands_on_others_goes_before_them(void **state)
{
	struct fixture *f = *state;
	begin(f);
	change(f, delete_all, NULL);
	turn_until(f, told_all, "REMOVE " VPC "\n");
	assert_string_equal(sp_buffer_text(&f->peer.told),
			    "REMOVE " FIRST_ENI "\nREMOVE " SECOND_ENI "\nREMOVE " MAIN_TABLE
			    "\nREMOVE " SUBNET "\nREMOVE " VPC "\n");
}

static void another_hello_brings_everything_again(void **state)
{
	struct fixture *f = *state;
	begin(f);
	netd_peer_hello(&f->peer);
	turn_until(f, told_all, "END\n");
	assert_string_equal(sp_buffer_text(&f->peer.told), ALL);
	assert_true(gateway_is(f, "active"));
}

static void a_hello_in_the_middle_begins_anew(void **state)
{
	struct fixture *f = *state;
	open_networks(f, netd_peer_open(&f->peer, f->loop), false, "auto");
	f->peer.mute_at = "SUBNET";
	netd_peer_hello(&f->peer);
	turn_until(f, told_all, "END\n");
	assert_true(gateway_is(f, "being made"));
	f->peer.mute_at = NULL;
	f->peer.is_silent = false;
	f->peer.unanswered = 0; /* the process that knew of them is dead */
	sp_buffer_clear(&f->peer.told);
	netd_peer_hello(&f->peer);
	turn_until(f, gateway_is, "active");
	assert_string_equal(sp_buffer_text(&f->peer.told), ALL);
}

static void another_netd_is_told_everything(void **state)
{
	struct fixture *f = *state;
	begin(f);
	netd_peer_close(&f->peer);
	turn_until(f, successor_told, "END\n");
	assert_string_equal(sp_buffer_text(&f->successor.told), ALL);
	assert_int_equal(f->spawned, 1);
	assert_true(gateway_is(f, "active"));
}

static void a_netd_that_answers_nonsense_is_replaced(void **state)
{
	struct fixture *f = *state;
	begin(f);
	f->peer.is_wrong = true;
	change(f, add_gateway, NULL);
	turn_until(f, successor_told, "END\n");
	assert_int_equal(f->spawned, 1);
}

/* ---- failing ---- */

static void a_failure_is_the_gateways(void **state)
{
	struct fixture *f = *state;
	open_networks(f, netd_peer_open(&f->peer, f->loop), false, "auto");
	f->peer.fails = SECOND_ENI;
	f->peer.why = "cannot make it: the moon is full";
	netd_peer_hello(&f->peer);
	turn_until(f, gateway_is, "failed: cannot make it: the moon is full");

	/* And it recovers with what it stands on. */
	f->peer.fails = NULL;
	netd_peer_hello(&f->peer);
	turn_until(f, gateway_is, "active");
}

static void what_it_stands_on_fails_first(void **state)
{
	struct fixture *f = *state;
	open_networks(f, netd_peer_open(&f->peer, f->loop), false, "auto");
	f->peer.fails = SUBNET;
	f->peer.why = "there is no interface \"eth9\"";
	netd_peer_hello(&f->peer);
	turn_until(f, gateway_is, "failed: there is no interface \"eth9\"");
}

static void tags_choose_uplink_router_and_name_servers(void **state)
{
	struct fixture *f = *state;
	begin(f);
	change(f, change_tag,
	       &(struct tag_change){ VPC_ARN, NETWORK_TAG_DNS, "10.0.0.2, 10.0.0.3:5353" });
	turn_until(f, told_all, "ENI " SECOND_ENI " rules=1 servers=2\n");
	sp_buffer_clear(&f->peer.told);
	change(f, change_tag, &(struct tag_change){ SUBNET_ARN, NETWORK_TAG_ROUTER, "127.77.1.9" });
	turn_until(f, told_all,
		   "SUBNET " SUBNET " uplink= router=7f4d0109 table=" MAIN_TABLE "\n" ENIS_AGAIN);
	change(f, change_tag, &(struct tag_change){ SUBNET_ARN, NETWORK_TAG_UPLINK, "eth1.120" });
	turn_until(f, told_all,
		   "SUBNET " SUBNET " uplink=eth1.120 router=7f4d0109 table=\n" ENIS_AGAIN);
}

static void a_tag_that_makes_no_sense_fails_the_gateway_in_words(void **state)
{
	struct fixture *f = *state;
	static const struct {
		struct tag_change tag;
		const char *says;
	} cases[] = {
		{ { VPC_ARN, NETWORK_TAG_DNS, "ns.example" },
		  "failed: cannot use the tag sallyport:dns of " VPC
		  ", \"ns.example\": needed are one to 4 IP addresses, with a port after a colon "
		  "where it is not 53 (those of IPv6 in brackets then)" },
		{ { VPC_ARN, NETWORK_TAG_DNS, "10.0.0.1 10.0.0.2 10.0.0.3 10.0.0.4 10.0.0.5" },
		  "failed: cannot use the tag sallyport:dns of " VPC
		  ", \"10.0.0.1 10.0.0.2 10.0.0.3 10.0.0.4 10.0.0.5\": needed are one to 4 IP "
		  "addresses, with a port after a colon where it is not 53 (those of IPv6 in "
		  "brackets then)" },
		{ { VPC_ARN, NETWORK_TAG_DNS, "10.0.0.2" }, "active" },
		{ { SUBNET_ARN, NETWORK_TAG_ROUTER, "10.9.9.9" },
		  "failed: cannot use the tag sallyport:router of " SUBNET
		  ", \"10.9.9.9\": needed is an address in 127.77.1.0/24" },
		{ { SUBNET_ARN, NETWORK_TAG_ROUTER, "127.77.1.3" }, "active" },
		{ { SUBNET_ARN, NETWORK_TAG_UPLINK, "a-name-that-is-too-long" },
		  "failed: cannot use the tag sallyport:uplink of " SUBNET
		  ", \"a-name-that-is-too-long\": needed is the name of a network interface" },
	};
	begin(f);
	for (size_t i = 0; i < SP_COUNT_OF(cases); i++) {
		struct tag_change tag = cases[i].tag;
		change(f, change_tag, &tag);
		turn_until(f, gateway_is, cases[i].says);
	}
}

/* ---- this host's own ---- */

static int make_host(struct db *db, void *ctx, struct sp_error *err)
{
	struct vpc vpc;
	if (vpcs_find(db, VPC, &vpc, err) != 0)
		return -1;
	vpc.provider = PROVIDER_HOST;
	if (vpcs_update(db, &vpc, err) != 0)
		return -1;
	return ctx == NULL ? 0 : insert_interface(db, OTHER_ENI, GATEWAY, ctx, err);
}

static void a_host_gateway_is_there_when_its_addresses_are(void **state)
{
	struct fixture *f = *state;
	house_write(&f->house, make_host, NULL);
	open_networks(f, -1, false, "host");
	turn_until(f, gateway_is, "active");
	ask(f, FIRST_ENI, PATIENCE_MS);
	turn_until(f, was_answered, "sockets");
	assert_int_equal(f->sockets.count, 3);
}

static void a_host_gateway_without_its_address_fails_in_words(void **state)
{
	struct fixture *f = *state;
	SP_AUTO_BUFFER says = { 0 };
	SP_AUTO_BUFFER there = { 0 };
	house_write(&f->house, make_host, (char[]){ "203.0.113.9" });
	open_networks(f, -1, false, "host");
	host_addresses_describe(&there);
	sp_buffer_format(&says,
			 "failed: could not use " OTHER_ENI ": could not leave from 203.0.113.9: "
			 "this host does not have it; it has %s",
			 sp_buffer_text(&there));
	turn_until(f, gateway_is, sp_buffer_text(&says));
}

/* ---- connectors ---- */

static void a_connector_waits_for_its_gateway(void **state)
{
	struct fixture *f = *state;
	house_write(&f->house, add_connector, &(int){ 2222 });
	open_networks(f, netd_peer_open(&f->peer, f->loop), false, "auto");
	f->peer.mute_at = "ENI";
	netd_peer_hello(&f->peer);
	turn_until(f, told_all, "END\n");
	assert_true(connector_is(f, "pending"));
	f->peer.mute_at = NULL;
	netd_peer_catch_up(&f->peer);
	turn_until(f, connector_is, "active");
	assert_true(gateway_is(f, "active"));
}

static void a_connector_whose_port_is_not_permitted_errs_in_words(void **state)
{
	struct fixture *f = *state;
	begin(f);
	change(f, add_connector, &(int){ 80 });
	turn_until(f, connector_is,
		   "errored: cannot connect to 127.0.0.3 port 80: the resource configuration "
		   "\"partner\" (" CONFIGURATION ") permits only 22, 1024-65535");
}

static void a_connector_shares_its_gateways_failure(void **state)
{
	struct fixture *f = *state;
	house_write(&f->house, add_connector, &(int){ 22 });
	open_networks(f, netd_peer_open(&f->peer, f->loop), false, "auto");
	f->peer.fails = FIRST_ENI;
	f->peer.why = "cannot make it: no moon at all";
	netd_peer_hello(&f->peer);
	turn_until(f, connector_is,
		   "errored: could not use the resource gateway \"gate\" (" GATEWAY
		   "): it failed: cannot make it: no moon at all");
}

/* ---- sockets ---- */

static void sockets_come_from_netd(void **state)
{
	struct fixture *f = *state;
	begin(f);
	ask(f, SECOND_ENI, PATIENCE_MS);
	assert_int_equal(f->answers, 0);
	turn_until(f, was_answered, "sockets");
	assert_int_equal(f->sockets.error.code, SP_OK);
	assert_int_equal(f->sockets.count, 3);
	assert_string_equal(sp_buffer_text(&f->peer.told), "OPEN " SECOND_ENI "\n");
}

static void who_asks_waits_while_the_eni_is_made(void **state)
{
	struct fixture *f = *state;
	open_networks(f, netd_peer_open(&f->peer, f->loop), false, "auto");
	ask(f, FIRST_ENI, PATIENCE_MS);
	f->peer.mute_at = "ENI";
	netd_peer_hello(&f->peer);
	turn_until(f, told_all, "END\n");
	assert_int_equal(f->answers, 0);
	f->peer.mute_at = NULL;
	netd_peer_catch_up(&f->peer);
	turn_until(f, was_answered, "sockets");
	assert_int_equal(f->sockets.count, 3);
	assert_true(told_all(f, "END\nOPEN " FIRST_ENI "\n"));
}

static void who_asks_after_a_change_waits_until_netd_has_made_it(void **state)
{
	struct fixture *f = *state;
	begin(f);
	change(f, add_gateway, NULL);
	turn_until(f, told_all, "ENI " OTHER_ENI " rules=0 servers=0\n");
	sp_buffer_clear(&f->peer.told);
	f->peer.mute_at = "ENI";
	change(f, allow_more, (char[]){ OTHER_GROUP });
	ask(f, OTHER_ENI, PATIENCE_MS);
	turn_until(f, told_all, "ENI " OTHER_ENI " rules=1 servers=0\n");
	assert_int_equal(f->answers, 0);
	f->peer.mute_at = NULL;
	netd_peer_catch_up(&f->peer);
	turn_until(f, was_answered, "sockets");
	assert_int_equal(f->sockets.count, 3);
	assert_string_equal(sp_buffer_text(&f->peer.told),
			    "ENI " OTHER_ENI " rules=1 servers=0\nOPEN " OTHER_ENI "\n");
}

static void who_asks_early_is_told_what_it_waited_for(void **state)
{
	struct fixture *f = *state;
	open_networks(f, netd_peer_open(&f->peer, f->loop), false, "auto");
	ask(f, FIRST_ENI, 20);
	turn_until(f, was_answered, "a failure");
	assert_int_equal(f->sockets.error.code, SP_TIMEOUT);
	assert_string_equal(f->sockets.error.message,
			    "could not use " FIRST_ENI ": it was not ready within 20 ms");
}

static void an_eni_that_is_gone_is_told_at_once(void **state)
{
	struct fixture *f = *state;
	begin(f);
	ask(f, OTHER_ENI, PATIENCE_MS);
	turn_until(f, was_answered, "a failure");
	assert_string_equal(f->sockets.error.message,
			    "could not use " OTHER_ENI ": it is not there any more");
}

static void an_eni_that_was_just_committed_is_found(void **state)
{
	struct fixture *f = *state;
	begin(f);
	house_write(&f->house, add_gateway, NULL); /* nobody wakes */
	ask(f, OTHER_ENI, PATIENCE_MS);
	turn_until(f, was_answered, "sockets");
	assert_int_equal(f->sockets.error.code, SP_OK);
}

/* Somebody took the namespace away, or the uplink went: netd looks again at all that the ENI stands on. */
static void a_refused_opening_has_the_eni_made_again(void **state)
{
	struct fixture *f = *state;
	begin(f);
	f->peer.refusals = 1;
	f->peer.why = "its namespace is gone";
	ask(f, FIRST_ENI, PATIENCE_MS);
	turn_until(f, was_answered, "sockets");
	assert_int_equal(f->sockets.error.code, SP_OK);
	assert_int_equal(f->sockets.count, 3);
	assert_string_equal(sp_buffer_text(&f->peer.told),
			    "OPEN " FIRST_ENI "\nVPC " VPC "\n" THE_SUBNET "TABLE " MAIN_TABLE
			    "\nENI " FIRST_ENI " rules=1 servers=0\nOPEN " FIRST_ENI "\n");
	assert_true(gateway_is(f, "active"));
}

static void an_eni_that_cannot_be_made_again_fails_its_gateway(void **state)
{
	struct fixture *f = *state;
	begin(f);
	f->peer.fails = FIRST_ENI;
	f->peer.why = "there is no interface \"eth9\" any more";
	ask(f, FIRST_ENI, PATIENCE_MS);
	turn_until(f, was_answered, "a failure");
	assert_string_equal(f->sockets.error.message,
			    "could not use " FIRST_ENI ": there is no interface \"eth9\" any more");
	turn_until(f, gateway_is, "failed: there is no interface \"eth9\" any more");
}

static void a_refused_opening_says_why(void **state)
{
	struct fixture *f = *state;
	begin(f);
	f->peer.refusals = 2;
	f->peer.why = "its namespace is gone";
	ask(f, FIRST_ENI, PATIENCE_MS);
	turn_until(f, was_answered, "a failure");
	assert_int_equal(f->sockets.error.code, SP_CONFLICT);
	assert_string_equal(f->sockets.error.message,
			    "could not use " FIRST_ENI ": its namespace is gone");
}

static void an_opening_that_dies_with_netd_is_asked_of_the_next(void **state)
{
	struct fixture *f = *state;
	begin(f);
	f->peer.mute_at = "OPEN";
	ask(f, FIRST_ENI, PATIENCE_MS);
	turn_until(f, told_all, "OPEN " FIRST_ENI "\n");
	netd_peer_close(&f->peer);
	turn_until(f, was_answered, "sockets");
	assert_int_equal(f->sockets.error.code, SP_OK);
	assert_int_equal(f->successor.sockets_given, 3);
}

static size_t open_descriptors(void)
{
	size_t count = 0;
	for (int fd = 0; fd < 1024; fd++)
		count += fcntl(fd, F_GETFD) != -1;
	return count;
}

static void who_cancels_is_not_called_and_nothing_stays_open(void **state)
{
	struct fixture *f = *state;
	begin(f);
	size_t before = open_descriptors();
	f->peer.mute_at = "OPEN";
	struct networks_request *first = ask(f, FIRST_ENI, PATIENCE_MS);
	turn_until(f, told_all, "OPEN " FIRST_ENI "\n");
	networks_cancel(first);
	f->peer.mute_at = NULL;
	f->peer.is_silent = false;
	struct netd_message asked = { .request = f->peer.requests[0],
				      .streams = 2,
				      .datagrams = 1 };
	netd_peer_give_sockets(&f->peer, &asked);
	ask(f, SECOND_ENI, PATIENCE_MS);
	turn_until(f, was_answered, "sockets");
	assert_int_equal(f->sockets.error.code, SP_OK);
	assert_int_equal(f->answers, 1);
	assert_int_equal(f->spawned, 0);
	assert_int_equal(open_descriptors(), before);
}

/* ---- the choice ---- */

static bool netd_has_spoken(struct fixture *f, const char *text)
{
	enum network_provider provider;
	struct sp_error err = { 0 };
	networks_choose_provider(f->networks, "netns", &provider, &err);
	return strcmp(err.message, text) == 0;
}

static void netns_is_the_default_where_netd_works(void **state)
{
	struct fixture *f = *state;
	enum network_provider provider;
	struct sp_error err = { 0 };
	begin(f);
	assert_int_equal(networks_choose_provider(f->networks, NULL, &provider, &err), 0);
	assert_int_equal(provider, PROVIDER_NETNS);
	assert_int_equal(networks_choose_provider(f->networks, "host", &provider, &err), 0);
	assert_int_equal(provider, PROVIDER_HOST);
	assert_int_equal(networks_choose_provider(f->networks, "vxlan", &provider, &err), -1);
	assert_string_equal(err.message, "cannot make a network of the kind \"vxlan\": known are "
					 "\"host\" and \"netns\"");
}

static void without_netd_it_is_host_and_netns_says_why(void **state)
{
	struct fixture *f = *state;
	enum network_provider provider;
	struct sp_error err = { 0 };
	open_networks(f, -1, false, "auto");
	assert_int_equal(networks_choose_provider(f->networks, NULL, &provider, &err), 0);
	assert_int_equal(provider, PROVIDER_HOST);
	assert_int_equal(networks_choose_provider(f->networks, "netns", &provider, &err), -1);
	assert_string_equal(err.message,
			    "cannot make a network of kernel namespaces: this is a test");
}

static void a_netd_that_refuses_to_serve_says_why(void **state)
{
	struct fixture *f = *state;
	open_networks(f, netd_peer_open(&f->peer, f->loop), false, "netns");
	struct netd_message refusal = { .kind = NETD_FAILED,
					.code = SP_UNSUPPORTED,
					.text = (char[]){ "this kernel has no namespaces" } };
	netd_peer_send(&f->peer, &refusal, NULL, 0);
	for (int i = 0; i < 5; i++)
		turn(f);
	turn_until(f, netd_has_spoken,
		   "cannot make a network of kernel namespaces: this kernel has no namespaces");
}

static void a_netd_of_another_version_is_not_used(void **state)
{
	struct fixture *f = *state;
	open_networks(f, netd_peer_open(&f->peer, f->loop), false, "auto");
	struct netd_message hello = { .kind = NETD_HELLO, .version = NETD_VERSION + 1 };
	netd_peer_send(&f->peer, &hello, NULL, 0);
	for (int i = 0; i < 5; i++)
		turn(f);
	turn_until(f, netd_has_spoken,
		   "cannot make a network of kernel namespaces: cannot use sallyport-netd: it "
		   "speaks version 4, not 3");
	assert_string_equal(sp_buffer_text(&f->peer.told), "");
}

#define PROVES(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PROVES(tells_all_from_the_ground_up_and_notes_that_it_is_there),
		PROVES(says_nothing_about_what_stays_as_it_is),
		PROVES(a_changed_group_is_told_to_its_enis_only),
		PROVES(what_goes_goes_before_what_comes),
		PROVES(what_stands_on_others_goes_before_them),
		PROVES(another_hello_brings_everything_again),
		PROVES(a_hello_in_the_middle_begins_anew),
		PROVES(another_netd_is_told_everything),
		PROVES(a_netd_that_answers_nonsense_is_replaced),
		PROVES(a_failure_is_the_gateways),
		PROVES(what_it_stands_on_fails_first),
		PROVES(tags_choose_uplink_router_and_name_servers),
		PROVES(a_tag_that_makes_no_sense_fails_the_gateway_in_words),
		PROVES(a_host_gateway_is_there_when_its_addresses_are),
		PROVES(a_host_gateway_without_its_address_fails_in_words),
		PROVES(a_connector_waits_for_its_gateway),
		PROVES(a_connector_whose_port_is_not_permitted_errs_in_words),
		PROVES(a_connector_shares_its_gateways_failure),
		PROVES(sockets_come_from_netd),
		PROVES(who_asks_waits_while_the_eni_is_made),
		PROVES(who_asks_after_a_change_waits_until_netd_has_made_it),
		PROVES(who_asks_early_is_told_what_it_waited_for),
		PROVES(an_eni_that_is_gone_is_told_at_once),
		PROVES(an_eni_that_was_just_committed_is_found),
		PROVES(a_refused_opening_has_the_eni_made_again),
		PROVES(an_eni_that_cannot_be_made_again_fails_its_gateway),
		PROVES(a_refused_opening_says_why),
		PROVES(an_opening_that_dies_with_netd_is_asked_of_the_next),
		PROVES(who_cancels_is_not_called_and_nothing_stays_open),
		PROVES(netns_is_the_default_where_netd_works),
		PROVES(without_netd_it_is_host_and_netns_says_why),
		PROVES(a_netd_that_refuses_to_serve_says_why),
		PROVES(a_netd_of_another_version_is_not_used),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
