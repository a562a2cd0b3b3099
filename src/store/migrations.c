#include "store/migrations.h"

#include "base/buffer.h"

const char *const migrations_scripts[] = {
	"CREATE TABLE connectors ("
	"  id TEXT NOT NULL PRIMARY KEY,"
	"  url TEXT,"
	"  access_role TEXT,"
	"  logging_role TEXT,"
	"  user_secret_id TEXT,"
	"  max_connections BIGINT NOT NULL,"
	"  security_policy TEXT NOT NULL,"
	"  created_ms BIGINT NOT NULL,"
	/* Kept along with every change, because counting a long queue takes time. */
	"  pending_files BIGINT NOT NULL DEFAULT 0);"
	"CREATE TABLE connector_trusted_keys ("
	"  connector_id TEXT NOT NULL REFERENCES connectors (id) ON DELETE CASCADE,"
	"  place BIGINT NOT NULL,"
	"  trusted_key TEXT NOT NULL,"
	"  PRIMARY KEY (connector_id, place));"

	"CREATE TABLE transfers ("
	"  id TEXT NOT NULL PRIMARY KEY,"
	"  connector_id TEXT NOT NULL REFERENCES connectors (id) ON DELETE CASCADE,"
	"  direction BIGINT NOT NULL,"
	"  local_directory TEXT,"
	"  remote_directory TEXT,"
	"  created_ms BIGINT NOT NULL);"
	"CREATE INDEX transfers_of_connector ON transfers (connector_id);"

	/* Names at the partner are bytes, in no encoding that a database would know. */
	"CREATE TABLE files ("
	"  position BIGINT NOT NULL PRIMARY KEY,"
	"  id TEXT NOT NULL UNIQUE,"
	"  transfer_id TEXT NOT NULL REFERENCES transfers (id) ON DELETE CASCADE,"
	"  connector_id TEXT NOT NULL,"
	"  direction BIGINT NOT NULL,"
	"  path TEXT NOT NULL,"
	"  bucket TEXT,"
	"  object_key BYTEA,"
	"  remote_directory BYTEA,"
	"  remote_name BYTEA,"
	"  state BIGINT NOT NULL,"
	"  attempt BIGINT NOT NULL,"
	"  tries BIGINT NOT NULL,"
	"  worker_deaths BIGINT NOT NULL,"
	"  not_before_ms BIGINT NOT NULL,"
	"  size BIGINT NOT NULL,"
	"  sha256 TEXT NOT NULL,"
	"  started_ms BIGINT NOT NULL,"
	"  ended_ms BIGINT NOT NULL,"
	"  failure_code TEXT,"
	"  failure_message TEXT);"
	"CREATE INDEX files_of_transfer ON files (transfer_id, position);"
	/* One seek finds those that may run now, those that wait, and the earliest of these. */
	"CREATE INDEX files_queue ON files (connector_id, state, not_before_ms, position);"
	"CREATE TABLE counters (name TEXT NOT NULL PRIMARY KEY, value BIGINT NOT NULL);"
	"INSERT INTO counters (name, value) VALUES ('file position', 0);"

	"CREATE TABLE tags ("
	"  arn TEXT NOT NULL,"
	"  tag_key TEXT NOT NULL,"
	"  tag_value TEXT NOT NULL,"
	"  PRIMARY KEY (arn, tag_key));"

	"CREATE TABLE secrets ("
	"  arn TEXT NOT NULL PRIMARY KEY,"
	"  name TEXT NOT NULL UNIQUE,"
	"  description TEXT,"
	"  kms_key_id TEXT,"
	"  created_ms BIGINT NOT NULL,"
	"  changed_ms BIGINT NOT NULL,"
	"  accessed_ms BIGINT NOT NULL,"
	"  deleted_ms BIGINT NOT NULL,"
	"  purge_ms BIGINT NOT NULL);"
	"CREATE INDEX secrets_to_purge ON secrets (purge_ms);"
	"CREATE TABLE secret_versions ("
	"  secret_arn TEXT NOT NULL REFERENCES secrets (arn) ON DELETE CASCADE,"
	"  id TEXT NOT NULL,"
	"  sealed BYTEA NOT NULL,"
	"  is_binary BIGINT NOT NULL,"
	"  created_ms BIGINT NOT NULL,"
	"  accessed_ms BIGINT NOT NULL,"
	"  PRIMARY KEY (secret_arn, id));"
	"CREATE TABLE secret_stages ("
	"  secret_arn TEXT NOT NULL,"
	"  stage TEXT NOT NULL,"
	"  version_id TEXT NOT NULL,"
	"  PRIMARY KEY (secret_arn, stage),"
	"  FOREIGN KEY (secret_arn, version_id) REFERENCES secret_versions (secret_arn, id)"
	"    ON DELETE CASCADE);"
	"CREATE INDEX secret_stages_of_version ON secret_stages (secret_arn, version_id);"

	"CREATE TABLE access_keys ("
	"  id TEXT NOT NULL PRIMARY KEY,"
	"  sealed BYTEA NOT NULL,"
	"  created_ms BIGINT NOT NULL);",

	/* Private egress: networks, gateways, configurations, and connectors that use them. */
	"ALTER TABLE connectors ADD COLUMN configuration_arn TEXT;"
	"ALTER TABLE connectors ADD COLUMN port BIGINT NOT NULL DEFAULT 0;"
	"ALTER TABLE connectors ADD COLUMN state BIGINT NOT NULL DEFAULT 0;"
	"ALTER TABLE connectors ADD COLUMN failure TEXT;"
	"CREATE INDEX connectors_of_configuration ON connectors (configuration_arn, id);"
	"CREATE INDEX connectors_of_state ON connectors (state, id);"

	"CREATE TABLE vpcs ("
	"  id TEXT NOT NULL PRIMARY KEY,"
	"  cidr TEXT NOT NULL,"
	"  provider BIGINT NOT NULL,"
	"  is_host BIGINT NOT NULL,"
	"  dns_support BIGINT NOT NULL,"
	"  dns_hostnames BIGINT NOT NULL,"
	"  usage_metrics BIGINT NOT NULL,"
	"  cidr_association_id TEXT NOT NULL,"
	"  default_group_id TEXT NOT NULL,"
	"  dhcp_options_id TEXT NOT NULL,"
	"  network_acl_id TEXT NOT NULL,"
	"  main_route_table_id TEXT NOT NULL,"
	"  main_association_id TEXT NOT NULL,"
	"  created_ms BIGINT NOT NULL);"
	/* There is one ready VPC. */
	"CREATE UNIQUE INDEX vpcs_of_host ON vpcs (is_host) WHERE is_host = 1;"
	"CREATE TABLE subnets ("
	"  id TEXT NOT NULL PRIMARY KEY,"
	"  vpc_id TEXT NOT NULL REFERENCES vpcs (id),"
	"  cidr TEXT NOT NULL,"
	"  zone TEXT NOT NULL,"
	"  interface TEXT NOT NULL,"
	"  acl_association_id TEXT NOT NULL,"
	"  map_public_ip BIGINT NOT NULL,"
	"  assign_ipv6 BIGINT NOT NULL,"
	"  enable_dns64 BIGINT NOT NULL,"
	"  created_ms BIGINT NOT NULL);"
	"CREATE INDEX subnets_of_vpc ON subnets (vpc_id, id);"
	"CREATE TABLE security_groups ("
	"  id TEXT NOT NULL PRIMARY KEY,"
	"  vpc_id TEXT NOT NULL REFERENCES vpcs (id),"
	"  name TEXT NOT NULL,"
	"  description TEXT NOT NULL,"
	"  created_ms BIGINT NOT NULL,"
	"  UNIQUE (vpc_id, name));"
	"CREATE INDEX security_groups_of_vpc ON security_groups (vpc_id, id);"
	"CREATE TABLE security_rules ("
	"  id TEXT NOT NULL PRIMARY KEY,"
	"  group_id TEXT NOT NULL REFERENCES security_groups (id) ON DELETE CASCADE,"
	"  egress BIGINT NOT NULL,"
	"  protocol BIGINT NOT NULL,"
	"  from_port BIGINT NOT NULL,"
	"  to_port BIGINT NOT NULL,"
	"  peer BIGINT NOT NULL,"
	"  value TEXT NOT NULL,"
	"  description TEXT,"
	"  UNIQUE (group_id, egress, protocol, from_port, to_port, peer, value));"
	"CREATE INDEX security_rules_of_group ON security_rules (group_id, id);"
	"CREATE INDEX security_rules_of_value ON security_rules (value, group_id);"

	"CREATE TABLE gateways ("
	"  id TEXT NOT NULL PRIMARY KEY,"
	"  vpc_id TEXT NOT NULL REFERENCES vpcs (id),"
	"  name TEXT NOT NULL UNIQUE,"
	"  state BIGINT NOT NULL,"
	"  failure TEXT,"
	"  resolves_in_vpc BIGINT NOT NULL,"
	"  addresses_per_interface BIGINT NOT NULL,"
	"  created_ms BIGINT NOT NULL,"
	"  updated_ms BIGINT NOT NULL);"
	"CREATE INDEX gateways_of_vpc ON gateways (vpc_id, id);"
	"CREATE TABLE gateway_subnets ("
	"  gateway_id TEXT NOT NULL REFERENCES gateways (id) ON DELETE CASCADE,"
	"  place BIGINT NOT NULL,"
	"  subnet_id TEXT NOT NULL REFERENCES subnets (id),"
	"  PRIMARY KEY (gateway_id, place));"
	"CREATE INDEX gateways_of_subnet ON gateway_subnets (subnet_id, gateway_id);"
	"CREATE TABLE gateway_groups ("
	"  gateway_id TEXT NOT NULL REFERENCES gateways (id) ON DELETE CASCADE,"
	"  place BIGINT NOT NULL,"
	"  group_id TEXT NOT NULL REFERENCES security_groups (id),"
	"  PRIMARY KEY (gateway_id, place));"
	"CREATE INDEX gateways_of_group ON gateway_groups (group_id, gateway_id);"
	"CREATE TABLE interfaces ("
	"  id TEXT NOT NULL PRIMARY KEY,"
	"  vpc_id TEXT NOT NULL REFERENCES vpcs (id),"
	"  subnet_id TEXT NOT NULL REFERENCES subnets (id),"
	"  owner_id TEXT NOT NULL,"
	"  address TEXT NOT NULL,"
	"  mac TEXT NOT NULL,"
	"  created_ms BIGINT NOT NULL,"
	"  UNIQUE (subnet_id, address));"
	"CREATE INDEX interfaces_of_subnet ON interfaces (subnet_id, id);"
	"CREATE INDEX interfaces_of_owner ON interfaces (owner_id, id);"
	"CREATE INDEX interfaces_of_vpc ON interfaces (vpc_id);"
	"CREATE TABLE configurations ("
	"  id TEXT NOT NULL PRIMARY KEY,"
	"  gateway_id TEXT NOT NULL REFERENCES gateways (id),"
	"  name TEXT NOT NULL UNIQUE,"
	"  is_name BIGINT NOT NULL,"
	"  target TEXT NOT NULL,"
	"  allow_association BIGINT NOT NULL,"
	"  custom_domain TEXT,"
	"  created_ms BIGINT NOT NULL,"
	"  updated_ms BIGINT NOT NULL);"
	"CREATE INDEX configurations_of_gateway ON configurations (gateway_id, id);"
	"CREATE TABLE configuration_ports ("
	"  configuration_id TEXT NOT NULL REFERENCES configurations (id) ON DELETE CASCADE,"
	"  place BIGINT NOT NULL,"
	"  from_port BIGINT NOT NULL,"
	"  to_port BIGINT NOT NULL,"
	"  PRIMARY KEY (configuration_id, place));"
	"CREATE TABLE client_tokens ("
	"  operation TEXT NOT NULL,"
	"  token TEXT NOT NULL,"
	"  fingerprint TEXT NOT NULL,"
	"  resource_id TEXT NOT NULL,"
	"  created_ms BIGINT NOT NULL,"
	"  PRIMARY KEY (operation, token));"
	"CREATE INDEX client_tokens_of_age ON client_tokens (created_ms);",

	/* Routes and public addresses. Every VPC has a main table. */
	"CREATE TABLE route_tables ("
	"  id TEXT NOT NULL PRIMARY KEY,"
	"  vpc_id TEXT NOT NULL REFERENCES vpcs (id) ON DELETE CASCADE,"
	"  created_ms BIGINT NOT NULL);"
	"CREATE INDEX route_tables_of_vpc ON route_tables (vpc_id, id);"
	"INSERT INTO route_tables (id, vpc_id, created_ms)"
	"  SELECT main_route_table_id, id, created_ms FROM vpcs;"
	"CREATE TABLE route_associations ("
	"  id TEXT NOT NULL PRIMARY KEY,"
	"  table_id TEXT NOT NULL REFERENCES route_tables (id),"
	"  subnet_id TEXT NOT NULL UNIQUE REFERENCES subnets (id) ON DELETE CASCADE);"
	"CREATE INDEX route_associations_of_table ON route_associations (table_id);"
	"CREATE TABLE routes ("
	"  id TEXT NOT NULL PRIMARY KEY," /* table and destination */
	"  table_id TEXT NOT NULL REFERENCES route_tables (id) ON DELETE CASCADE,"
	"  destination TEXT NOT NULL,"
	"  target BIGINT NOT NULL,"
	"  target_id TEXT NOT NULL);"
	"CREATE INDEX routes_of_table ON routes (table_id, destination);"
	"CREATE TABLE internet_gateways ("
	"  id TEXT NOT NULL PRIMARY KEY,"
	"  vpc_id TEXT UNIQUE REFERENCES vpcs (id),"
	"  created_ms BIGINT NOT NULL);"
	"CREATE TABLE nat_gateways ("
	"  id TEXT NOT NULL PRIMARY KEY,"
	"  vpc_id TEXT NOT NULL,"
	"  subnet_id TEXT NOT NULL,"
	"  is_private BIGINT NOT NULL,"
	"  state BIGINT NOT NULL,"
	"  failure_code TEXT NOT NULL,"
	"  failure TEXT,"
	"  interface_id TEXT NOT NULL,"
	"  allocation_id TEXT NOT NULL,"
	"  created_ms BIGINT NOT NULL,"
	"  deleted_ms BIGINT NOT NULL);"
	"CREATE TABLE elastic_addresses ("
	"  id TEXT NOT NULL PRIMARY KEY,"
	"  address TEXT NOT NULL UNIQUE,"
	"  pool TEXT NOT NULL,"
	"  association_id TEXT NOT NULL,"
	"  interface_id TEXT NOT NULL,"
	"  created_ms BIGINT NOT NULL);"
	"CREATE INDEX elastic_addresses_of_interface ON elastic_addresses (interface_id);"
	"ALTER TABLE interfaces ADD COLUMN kind BIGINT NOT NULL DEFAULT 0;"
	"ALTER TABLE interfaces ADD COLUMN description TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE interfaces ADD COLUMN checks_addresses BIGINT NOT NULL DEFAULT 1;"
	"CREATE TABLE interface_groups ("
	"  interface_id TEXT NOT NULL REFERENCES interfaces (id) ON DELETE CASCADE,"
	"  place BIGINT NOT NULL,"
	"  group_id TEXT NOT NULL REFERENCES security_groups (id),"
	"  PRIMARY KEY (interface_id, place));"
	"CREATE INDEX interfaces_of_group ON interface_groups (group_id, interface_id);"
	"CREATE TABLE flows ("
	"  number BIGINT NOT NULL PRIMARY KEY," /* ascending; the oldest go */
	"  id TEXT NOT NULL UNIQUE,"
	"  connector_id TEXT NOT NULL,"
	"  transfer_id TEXT NOT NULL,"  /* '' for a test */
	"  interface_id TEXT NOT NULL," /* '' for service-managed egress */
	"  source TEXT NOT NULL,"
	"  public_address TEXT NOT NULL,"
	"  target TEXT NOT NULL,"
	"  way TEXT NOT NULL,"
	"  verdict BIGINT NOT NULL,"
	"  step TEXT NOT NULL,"
	"  reason TEXT NOT NULL,"
	"  bytes_in BIGINT NOT NULL,"
	"  bytes_out BIGINT NOT NULL,"
	"  began_ms BIGINT NOT NULL,"
	"  ended_ms BIGINT NOT NULL);"
	"CREATE INDEX flows_of_connector ON flows (connector_id, number);"
	"CREATE INDEX flows_of_transfer ON flows (transfer_id, number);"
	"CREATE INDEX flows_of_interface ON flows (interface_id, number);"
	"CREATE INDEX flows_of_verdict ON flows (verdict, number);"
	"CREATE INDEX flows_under_way ON flows (number) WHERE ended_ms = 0;",

	/* Going on with a part, and what is known of a file that was published. */
	"ALTER TABLE files ADD COLUMN part_attempt BIGINT NOT NULL DEFAULT 0;"
	"ALTER TABLE files ADD COLUMN watermark BIGINT NOT NULL DEFAULT 0;"
	"ALTER TABLE files ADD COLUMN resume_state TEXT;"
	"ALTER TABLE files ADD COLUMN source_identity TEXT;"
	"ALTER TABLE files ADD COLUMN bytes_moved BIGINT NOT NULL DEFAULT 0;"
	"ALTER TABLE files ADD COLUMN verification BIGINT NOT NULL DEFAULT 0;"
	"ALTER TABLE files ADD COLUMN outcome BIGINT NOT NULL DEFAULT 0;"
	"ALTER TABLE files ADD COLUMN published_name BYTEA;"
	"ALTER TABLE files ADD COLUMN connection TEXT;"
	"UPDATE files SET part_attempt = attempt;"
	/* What a connector's server can do, learnt by its workers. */
	"CREATE TABLE server_features ("
	"  connector_id TEXT NOT NULL PRIMARY KEY REFERENCES connectors (id) ON DELETE CASCADE,"
	"  banner TEXT NOT NULL," /* another one: learnt anew */
	"  features TEXT NOT NULL,"
	"  learnt_ms BIGINT NOT NULL);",

	/* How a file is published, which it keeps from its beginning; what it leaves behind; through which connection. */
	"ALTER TABLE files ADD COLUMN conflict BIGINT NOT NULL DEFAULT 0;"
	"ALTER TABLE files ADD COLUMN upload_mode BIGINT NOT NULL DEFAULT 0;"
	"ALTER TABLE files ADD COLUMN staging BYTEA;"
	"ALTER TABLE files ADD COLUMN temp_pattern BYTEA;"
	"ALTER TABLE files ADD COLUMN replaces BIGINT NOT NULL DEFAULT 0;"
	"ALTER TABLE files ADD COLUMN leaves_part BIGINT NOT NULL DEFAULT 0;"
	"UPDATE files SET leaves_part = 1 WHERE direction = 0 AND state < 3 AND attempt > 0;"
	"ALTER TABLE server_features ADD COLUMN host_key TEXT NOT NULL DEFAULT '';"
	"CREATE TABLE server_connections ("
	"  id TEXT NOT NULL PRIMARY KEY,"
	"  connector_id TEXT NOT NULL REFERENCES connectors (id) ON DELETE CASCADE,"
	"  description TEXT NOT NULL);"
	"CREATE INDEX server_connections_of_connector ON server_connections (connector_id);"
	/* Files that FAILED and may have left parts at the partner. */
	"CREATE TABLE parts_left ("
	"  file_id TEXT NOT NULL PRIMARY KEY REFERENCES files (id) ON DELETE CASCADE,"
	"  connector_id TEXT NOT NULL,"
	"  since_ms BIGINT NOT NULL,"
	"  tries BIGINT NOT NULL,"
	"  not_before_ms BIGINT NOT NULL);"
	"CREATE INDEX parts_left_of_connector ON parts_left (connector_id, not_before_ms);"
	/* Publishes that nobody saw to happen. */
	"ALTER TABLE connectors ADD COLUMN confirmed_publishes BIGINT NOT NULL DEFAULT 0;"
	"ALTER TABLE connectors ADD COLUMN inferred_publishes BIGINT NOT NULL DEFAULT 0;",

	/* Partners that do not let us in. */
	"CREATE TABLE breakers ("
	"  connector_id TEXT NOT NULL PRIMARY KEY REFERENCES connectors (id) ON DELETE CASCADE,"
	"  openings BIGINT NOT NULL,"
	"  since_ms BIGINT NOT NULL,"
	"  next_ms BIGINT NOT NULL,"
	"  step BIGINT NOT NULL,"
	"  code BIGINT NOT NULL,"
	"  reason TEXT NOT NULL);",

	/* Connections were kept before any file named them. */
	("DELETE FROM server_connections WHERE id NOT IN"
	 " (SELECT connection FROM files WHERE connection IS NOT NULL);"),

	/* Each token has its own time. */
	"ALTER TABLE client_tokens ADD COLUMN forget_ms BIGINT NOT NULL DEFAULT 0;"
	"UPDATE client_tokens SET forget_ms = created_ms + 86400000;"
	"DROP INDEX client_tokens_of_age;"
	"CREATE INDEX client_tokens_to_forget ON client_tokens (forget_ms);",

	/* What is told of each file's end, written with it. It outlives its connector. */
	"CREATE TABLE events ("
	"  number BIGINT NOT NULL PRIMARY KEY,"
	"  id TEXT NOT NULL,"
	"  connector_id TEXT NOT NULL,"
	"  direction BIGINT NOT NULL,"
	"  state BIGINT NOT NULL,"
	"  time_ms BIGINT NOT NULL,"
	"  is_logged BIGINT NOT NULL,"
	"  url TEXT,"
	"  configuration_arn TEXT,"
	"  port BIGINT NOT NULL,"
	"  transfer_id TEXT NOT NULL,"
	"  file_id TEXT NOT NULL,"
	"  path TEXT NOT NULL,"
	"  local_directory TEXT,"
	"  remote_directory TEXT,"
	"  bucket TEXT,"
	"  object_key BYTEA,"
	"  bytes BIGINT NOT NULL,"
	"  queued_ms BIGINT NOT NULL,"
	"  started_ms BIGINT NOT NULL,"
	"  ended_ms BIGINT NOT NULL,"
	"  failure_code TEXT,"
	"  failure_message TEXT);"
	"CREATE INDEX events_of_connector ON events (connector_id, number);"
	"INSERT INTO counters (name, value) VALUES ('event number', 0);",

	/* Results go when their time is over; what a deleted connector has left goes after it, in pieces. */
	"ALTER TABLE connectors ADD COLUMN deleted_ms BIGINT NOT NULL DEFAULT 0;"
	"CREATE INDEX connectors_deleted ON connectors (id) WHERE deleted_ms > 0;"
	"CREATE INDEX transfers_of_age ON transfers (created_ms, id);"
	"CREATE INDEX files_of_connection ON files (connection) WHERE connection IS NOT NULL;",

	/* How far those are who are told of events; connector_id '': a sink's own. */
	"CREATE TABLE event_cursors ("
	"  sink TEXT NOT NULL,"
	"  connector_id TEXT NOT NULL,"
	"  number BIGINT NOT NULL,"
	"  PRIMARY KEY (sink, connector_id));",

	/* What CloudWatch Logs shows of connectors with a logging role. */
	("CREATE INDEX events_logged ON events (connector_id, time_ms, number)"
	 " WHERE is_logged = 1;"),

	/* Listings of directories, moves and deletions at the partner. */
	"ALTER TABLE files ADD COLUMN target_path BYTEA;"
	"ALTER TABLE files ADD COLUMN items_max BIGINT NOT NULL DEFAULT 0;"
	"ALTER TABLE files ADD COLUMN items BIGINT NOT NULL DEFAULT 0;"
	"ALTER TABLE files ADD COLUMN truncated BIGINT NOT NULL DEFAULT 0;"
	"ALTER TABLE events ADD COLUMN items_max BIGINT NOT NULL DEFAULT 0;"
	"ALTER TABLE events ADD COLUMN items BIGINT NOT NULL DEFAULT 0;"
	"ALTER TABLE events ADD COLUMN truncated BIGINT NOT NULL DEFAULT 0;",

	/* Who may do what: users and roles, their policies, and whose an access key is. */
	"CREATE TABLE principals ("
	"  id TEXT NOT NULL PRIMARY KEY,"
	"  kind BIGINT NOT NULL,"
	"  name TEXT NOT NULL,"
	"  path TEXT NOT NULL,"
	"  trust TEXT,"
	"  description TEXT,"
	"  max_session_s BIGINT NOT NULL,"
	"  created_ms BIGINT NOT NULL);"
	"CREATE UNIQUE INDEX principals_by_name ON principals (kind, lower(name));"
	"CREATE INDEX principals_in_order ON principals (kind, name);"
	"CREATE TABLE inline_policies ("
	"  principal_id TEXT NOT NULL REFERENCES principals (id) ON DELETE CASCADE,"
	"  name TEXT NOT NULL,"
	"  document TEXT NOT NULL,"
	"  PRIMARY KEY (principal_id, name));"
	"CREATE TABLE managed_policies ("
	"  arn TEXT NOT NULL PRIMARY KEY,"
	"  id TEXT NOT NULL UNIQUE,"
	"  name TEXT NOT NULL,"
	"  path TEXT NOT NULL,"
	"  description TEXT,"
	"  created_ms BIGINT NOT NULL,"
	"  updated_ms BIGINT NOT NULL,"
	"  default_version BIGINT NOT NULL,"
	"  last_version BIGINT NOT NULL);"
	"CREATE UNIQUE INDEX managed_policies_by_name ON managed_policies (lower(name));"
	"CREATE TABLE policy_versions ("
	"  policy_arn TEXT NOT NULL REFERENCES managed_policies (arn) ON DELETE CASCADE,"
	"  number BIGINT NOT NULL,"
	"  created_ms BIGINT NOT NULL,"
	"  document TEXT NOT NULL,"
	"  PRIMARY KEY (policy_arn, number));"
	"CREATE TABLE policy_attachments ("
	"  principal_id TEXT NOT NULL REFERENCES principals (id) ON DELETE CASCADE,"
	"  policy_arn TEXT NOT NULL,"
	"  PRIMARY KEY (principal_id, policy_arn));"
	"CREATE INDEX policy_attachments_of_policy ON policy_attachments (policy_arn);"
	"ALTER TABLE access_keys ADD COLUMN owner_id TEXT REFERENCES principals (id);"
	"ALTER TABLE access_keys ADD COLUMN is_active BIGINT NOT NULL DEFAULT 1;"
	"ALTER TABLE access_keys ADD COLUMN used_ms BIGINT NOT NULL DEFAULT 0;"
	"ALTER TABLE access_keys ADD COLUMN used_service TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE access_keys ADD COLUMN used_region TEXT NOT NULL DEFAULT '';",

	/* Transfers listed by time and state; 3 is COMPLETED, which most of them are. */
	"ALTER TABLE transfers ADD COLUMN state BIGINT NOT NULL DEFAULT 0;"
	"ALTER TABLE transfers ADD COLUMN retry_of TEXT NOT NULL DEFAULT '';"
	"UPDATE transfers SET state = CASE"
	"  WHEN EXISTS (SELECT 1 FROM files f WHERE f.transfer_id = transfers.id AND f.state < 3) "
	"THEN"
	"   CASE WHEN EXISTS (SELECT 1 FROM files f WHERE f.transfer_id = transfers.id"
	"    AND (f.state > 0 OR f.attempt > 0)) THEN 1 ELSE 0 END"
	"  WHEN EXISTS (SELECT 1 FROM files f WHERE f.transfer_id = transfers.id AND f.state = 4) "
	"THEN 4"
	"  ELSE 3 END;"
	"DROP INDEX transfers_of_connector;"
	"CREATE INDEX transfers_of_connector ON transfers (connector_id, created_ms, id);"
	"CREATE INDEX transfers_by_state ON transfers (state, created_ms, id) WHERE state <> 3;"
	"CREATE INDEX transfers_of_connector_by_state ON transfers (connector_id, state, "
	"created_ms, id)"
	"  WHERE state <> 3;"
	"CREATE INDEX transfers_retried ON transfers (retry_of) WHERE retry_of <> '';"
	/* Every change of a file's state has a number: what happened since is a walk along an index. */
	"ALTER TABLE files ADD COLUMN changed BIGINT NOT NULL DEFAULT 0;"
	"CREATE INDEX files_changed ON files (changed);"
	"INSERT INTO counters (name, value) VALUES ('file change', 0);"
	/* The present attempt, and whether somebody wants it to end. */
	"ALTER TABLE files ADD COLUMN attempt_ms BIGINT NOT NULL DEFAULT 0;"
	"ALTER TABLE files ADD COLUMN publishing_ms BIGINT NOT NULL DEFAULT 0;"
	"ALTER TABLE files ADD COLUMN cancelled_ms BIGINT NOT NULL DEFAULT 0;"
	"ALTER TABLE files ADD COLUMN cancelled_by TEXT;"
	"CREATE INDEX files_cancelled ON files (position) WHERE cancelled_ms > 0 AND state = 0;"
	/* Attempts that were followed by another one; of each file the newest few. */
	"CREATE TABLE attempts ("
	"  position BIGINT NOT NULL REFERENCES files (position) ON DELETE CASCADE,"
	"  number BIGINT NOT NULL,"
	"  began_ms BIGINT NOT NULL,"
	"  ended_ms BIGINT NOT NULL,"
	"  reason TEXT NOT NULL,"
	"  PRIMARY KEY (position, number));"
	"ALTER TABLE connectors ADD COLUMN paused_ms BIGINT NOT NULL DEFAULT 0;"
	"ALTER TABLE connectors ADD COLUMN resumed_ms BIGINT NOT NULL DEFAULT 0;"
	/* Resources are found by the tag Name, too. */
	"CREATE INDEX tags_by_value ON tags (tag_key, tag_value, arn);"
	/* What was used, by the hour; and how long there was what is paid for by the hour. */
	"CREATE TABLE usage ("
	"  hour_ms BIGINT NOT NULL,"
	"  connector_id TEXT NOT NULL,"
	"  gateway_id TEXT NOT NULL," /* '' for service-managed egress */
	"  direction BIGINT NOT NULL,"
	"  files_completed BIGINT NOT NULL,"
	"  files_failed BIGINT NOT NULL,"
	"  bytes BIGINT NOT NULL,"
	"  bytes_moved BIGINT NOT NULL,"
	"  PRIMARY KEY (hour_ms, connector_id, gateway_id, direction));"
	"CREATE TABLE lifetimes ("
	"  id TEXT NOT NULL,"
	"  kind BIGINT NOT NULL,"
	"  created_ms BIGINT NOT NULL,"
	"  deleted_ms BIGINT NOT NULL,"
	"  PRIMARY KEY (id, kind));"
	"CREATE INDEX lifetimes_deleted ON lifetimes (deleted_ms);"
	"INSERT INTO lifetimes (id, kind, created_ms, deleted_ms)"
	"  SELECT id, 0, created_ms, 0 FROM connectors;"
	"INSERT INTO lifetimes (id, kind, created_ms, deleted_ms)"
	"  SELECT id, 1, created_ms, 0 FROM gateways;",

	/* Resource configurations that are groups, and their children. */
	"ALTER TABLE configurations ADD COLUMN type BIGINT NOT NULL DEFAULT 0;"
	"ALTER TABLE configurations ADD COLUMN group_id TEXT REFERENCES configurations (id);"
	"ALTER TABLE configurations ADD COLUMN group_domain TEXT;"
	"CREATE INDEX configurations_of_group ON configurations (group_id, id);",

	/* Which versions of its secret a connector tries, and whether IPv6 is its way. */
	"ALTER TABLE connectors ADD COLUMN dual_stack BIGINT NOT NULL DEFAULT 0;"
	"CREATE TABLE connector_secret_stages ("
	"  connector_id TEXT NOT NULL REFERENCES connectors (id) ON DELETE CASCADE,"
	"  place BIGINT NOT NULL,"
	"  stage TEXT NOT NULL,"
	"  PRIMARY KEY (connector_id, place));",
};

const size_t migrations_count = sizeof(migrations_scripts) / sizeof(migrations_scripts[0]);

/* The table has one row, whose number is 1. */
static int create_version(struct db *db, struct sp_error *err)
{
	return db_script(db,
			 "CREATE TABLE IF NOT EXISTS schema_version ("
			 "  number BIGINT NOT NULL PRIMARY KEY CHECK (number = 1),"
			 "  version BIGINT NOT NULL)",
			 err);
}

int migrations_version(struct db *db, int64_t *out, struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err, "SELECT version FROM schema_version", "") != 0)
		return -1;
	int got = db_rows_next(rows, err);
	if (got < 0)
		return -1;
	*out = got == 1 ? db_rows_integer(rows, 0) : 0;
	return 0;
}

/* A copy of this name that is there already comes from a start that ended before it migrated: ours is newer. */
static int keep_copy(struct db *db, const char *path, size_t target, struct sp_error *err)
{
	SP_AUTO_BUFFER copy = { 0 };
	sp_buffer_format(&copy, "%s.before-%zu", path, target);
	return db_backup(db, sp_buffer_text(&copy), DB_COPY_REPLACE, err);
}

static int apply(struct db *db, const char *script, size_t version, struct sp_error *err)
{
	if (db_begin(db, err) != 0)
		return -1;
	if (db_script(db, script, err) != 0 ||
	    db_run(db, err,
		   "INSERT INTO schema_version (number, version) VALUES (1, ?1)"
		   " ON CONFLICT (number) DO UPDATE SET version = excluded.version",
		   "i", (int64_t)version) != 0) {
		db_rollback(db);
		return -1;
	}
	return db_commit(db, err);
}

static int bring_up(struct db *db, const char *path, const char *const *scripts, size_t count,
		    bool keeps_copy, struct sp_error *err)
{
	int64_t version;
	if (create_version(db, err) != 0 || migrations_version(db, &version, err) != 0)
		return sp_wrap(err, "could not read the schema of \"%s\"", path);
	if (version > (int64_t)count)
		return sp_fail(err, SP_UNSUPPORTED,
			       "the store \"%s\" has schema %lld, but this program knows only up "
			       "to %zu: use the newer program, or the copy from before",
			       path, (long long)version, count);
	bool is_old = version > 0 && version < (int64_t)count;
	if (keeps_copy && is_old && keep_copy(db, path, count, err) != 0)
		return -1;
	for (size_t next = (size_t)version; next < count; next++)
		if (apply(db, scripts[next], next + 1, err) != 0)
			return sp_wrap(err, "could not bring the store \"%s\" to schema %zu", path,
				       next + 1);
	return 0;
}

int migrations_run(struct db *db, const char *path, const char *const *scripts, size_t count,
		   struct sp_error *err)
{
	return bring_up(db, path, scripts, count, true, err);
}

int migrations_run_on_copy(struct db *db, const char *path, struct sp_error *err)
{
	return bring_up(db, path, migrations_scripts, migrations_count, false, err);
}
