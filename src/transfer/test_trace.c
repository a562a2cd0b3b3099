#include "transfer/test_trace.h"

#include <string.h>

#include "base/buffer.h"
#include "base/scope.h"
#include "base/text.h"

struct report {
	const struct worker_message *result;
	const struct connector *connector;
};

/* ---- details ---------------------------------------------------------------------------------------------------- */

/* "a, b,c" as a list; NULL is an empty one. */
static json_t *names(const char *list)
{
	json_t *out = json_array();
	SP_AUTO_FREE char *copy = sp_strdup(list == NULL ? "" : list);
	char *rest = copy;
	for (char *name; (name = strsep(&rest, ", ")) != NULL;)
		if (name[0] != '\0')
			json_array_append_new(out, json_string(name));
	return out;
}

static const char *known(const char *text)
{
	return text == NULL ? "" : text;
}

static json_t *banner_details(const struct report *report)
{
	return json_pack("{s:s}", "Banner", known(report->result->banner));
}

static json_t *key_exchange_details(const struct report *report)
{
	const struct worker_message *result = report->result;
	json_t *out = json_pack("{s:{s:o, s:o, s:o, s:o}}", "Offered", "KeyExchange",
				names(result->offered_kexs), "HostKey",
				names(result->offered_host_keys), "Cipher",
				names(result->offered_ciphers), "Mac", names(result->offered_macs));
	if (result->kex != NULL)
		json_object_set_new(out, "Accepted",
				    json_pack("{s:s, s:s, s:s, s:s}", "KeyExchange", result->kex,
					      "HostKey", known(result->host_key_algorithm),
					      "Cipher", known(result->cipher), "Mac",
					      known(result->mac)));
	return out;
}

/* What trusts the key that the server showed: for a shell, whatever is in the key. */
static char *trusting_command(const struct report *report)
{
	SP_AUTO_JSON json_t *config =
		json_pack("{s:[s]}", "TrustedHostKeys", report->result->host_key);
	SP_AUTO_FREE char *text = sp_json_text(config);
	SP_AUTO_BUFFER command = { 0 };
	sp_buffer_format(&command,
			 "aws transfer update-connector --connector-id %s --sftp-config '",
			 report->connector->id);
	for (const char *at = text; *at != '\0'; at++)
		if (*at == '\'')
			sp_buffer_add_text(&command, "'\\''");
		else
			sp_buffer_add_char(&command, *at);
	sp_buffer_add_char(&command, '\'');
	return sp_buffer_take(&command);
}

static json_t *host_key_details(const struct report *report)
{
	const struct worker_message *result = report->result;
	if (result->host_key == NULL)
		return NULL;
	bool is_trusted = result->step != STEP_HOST_KEY || result->code == SP_OK;
	json_t *out = json_pack("{s:s, s:s, s:b}", "HostKey", result->host_key, "Fingerprint",
				known(result->fingerprint), "Trusted", is_trusted);
	if (!is_trusted && report->connector->trusted_key_count == 0) {
		SP_AUTO_FREE char *command = trusting_command(report);
		sp_json_set_text(out, "Command", command);
	}
	return out;
}

static json_t *authenticate_details(const struct report *report)
{
	json_t *out = json_pack("{s:o}", "Offered", names(report->result->methods));
	sp_json_set_text(out, "Method", report->result->authenticated_by);
	return out;
}

static json_t *sftp_details(const struct report *report)
{
	const struct worker_message *result = report->result;
	if (result->sftp_version == 0)
		return NULL;
	return json_pack("{s:I, s:I, s:I, s:o}", "Version", (json_int_t)result->sftp_version,
			 "ReadBytesMax", (json_int_t)result->read_max, "WriteBytesMax",
			 (json_int_t)result->write_max, "Extensions", names(result->extensions));
}

/* ---- sentences of what went well -------------------------------------------------------------------------------- */

static void tell_banner(const struct report *report, struct sp_buffer *out)
{
	sp_buffer_format(out, "the server is %s", known(report->result->banner));
}

static void tell_key_exchange(const struct report *report, struct sp_buffer *out)
{
	const struct worker_message *result = report->result;
	sp_buffer_format(out, "agreed on %s, %s, %s, %s", known(result->kex),
			 known(result->host_key_algorithm), known(result->cipher),
			 known(result->mac));
}

static void tell_host_key(const struct report *report, struct sp_buffer *out)
{
	const char *key = known(report->result->host_key);
	sp_buffer_format(out, "the server's key %.*s %s is trusted", (int)strcspn(key, " "), key,
			 known(report->result->fingerprint));
}

static void tell_authenticate(const struct report *report, struct sp_buffer *out)
{
	const char *method = known(report->result->authenticated_by);
	if (strcmp(method, "none") == 0)
		sp_buffer_add_text(out, "the server asked for nothing");
	else
		sp_buffer_format(out, "the server accepted us by %s", method);
}

static void tell_sftp(const struct report *report, struct sp_buffer *out)
{
	const struct worker_message *result = report->result;
	sp_buffer_format(out, "SFTP version %u, reads of %u and writes of %u bytes",
			 result->sftp_version, result->read_max, result->write_max);
	if (result->extensions != NULL)
		sp_buffer_format(out, ", extensions %s", result->extensions);
}

/* ---- the steps -------------------------------------------------------------------------------------------------- */

#define AT(member) offsetof(struct worker_message, member)

static const struct step {
	enum failure_step step;
	size_t sign; /* the text that is there when it went well */
	size_t took; /* the number that says how long it took */
	void (*tell)(const struct report *report, struct sp_buffer *out);
	json_t *(*details)(const struct report *report);
} steps[] = {
	{ STEP_BANNER, AT(banner), AT(banner_ms), tell_banner, banner_details },
	{ STEP_KEY_EXCHANGE, AT(kex), AT(key_exchange_ms), tell_key_exchange,
	  key_exchange_details },
	{ STEP_HOST_KEY, AT(host_key), AT(host_key_ms), tell_host_key, host_key_details },
	{ STEP_AUTHENTICATE, AT(authenticated_by), AT(authenticate_ms), tell_authenticate,
	  authenticate_details },
	{ STEP_SFTP, AT(authenticated_by), AT(sftp_ms), tell_sftp, sftp_details },
};

static bool went_well(const struct report *report, const struct step *step)
{
	const char *text;
	memcpy(&text, (const char *)report->result + step->sign, sizeof(text));
	return text != NULL;
}

static void set_time(struct trace *trace, const struct report *report, const struct step *step)
{
	uint32_t took_ms;
	memcpy(&took_ms, (const char *)report->result + step->took, sizeof(took_ms));
	trace->steps[trace->count - 1].took_ms = took_ms;
}

static const struct step *find_step(uint32_t number)
{
	for (size_t i = 0; i < SP_COUNT_OF(steps); i++)
		if ((uint32_t)steps[i].step == number)
			return &steps[i];
	return NULL;
}

static void add_failure(struct trace *trace, const struct report *report)
{
	const struct worker_message *result = report->result;
	const struct step *step = find_step(result->step);
	if (trace->count > 0 && trace->steps[trace->count - 1].failed)
		return; /* it had no socket, and that is told already */
	trace_failed(trace, (enum failure_step)result->step,
		     step == NULL ? NULL : step->details(report), known(result->text));
	if (step != NULL)
		set_time(trace, report, step);
}

void test_trace_add(struct trace *trace, const struct worker_message *result,
		    const struct connector *connector)
{
	const struct report report = { .result = result, .connector = connector };
	bool failed = result->code != SP_OK;
	for (size_t i = 0; i < SP_COUNT_OF(steps); i++) {
		if (failed && (uint32_t)steps[i].step >= result->step)
			break;
		if (!went_well(&report, &steps[i]))
			continue;
		SP_AUTO_BUFFER text = { 0 };
		steps[i].tell(&report, &text);
		trace_passed(trace, steps[i].step, steps[i].details(&report), "%s",
			     sp_buffer_text(&text));
		set_time(trace, &report, &steps[i]);
	}
	if (failed)
		add_failure(trace, &report);
}
