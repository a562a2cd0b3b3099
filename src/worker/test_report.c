#include "worker/test_report.h"

#include "base/scope.h"

static uint32_t milliseconds(const struct transport_report *report, enum failure_step step)
{
	int64_t took_ms = report->took_ms[step];
	return took_ms < 0 || took_ms > INT32_MAX ? INT32_MAX : (uint32_t)took_ms;
}

void test_report_fill(struct worker_message *out, const struct transport_report *report,
		      const struct remote_features *features)
{
	out->host_key = sp_strdup(report->host_key);
	out->fingerprint = sp_strdup(report->fingerprint);
	out->banner = sp_strdup(report->banner);
	out->offered_kexs = sp_strdup(report->offered[ALGORITHM_KEX]);
	out->offered_host_keys = sp_strdup(report->offered[ALGORITHM_HOST_KEY]);
	out->offered_ciphers = sp_strdup(report->offered[ALGORITHM_CIPHER]);
	out->offered_macs = sp_strdup(report->offered[ALGORITHM_MAC]);
	out->kex = sp_strdup(report->kex);
	out->host_key_algorithm = sp_strdup(report->host_key_algorithm);
	out->cipher = sp_strdup(report->cipher);
	out->mac = sp_strdup(report->mac);
	out->authenticated_by = sp_strdup(report->authenticated_by);
	out->methods = sp_strdup(report->methods);
	out->banner_ms = milliseconds(report, STEP_BANNER);
	out->key_exchange_ms = milliseconds(report, STEP_KEY_EXCHANGE);
	out->host_key_ms = milliseconds(report, STEP_HOST_KEY);
	out->authenticate_ms = milliseconds(report, STEP_AUTHENTICATE);
	out->sftp_ms = milliseconds(report, STEP_SFTP);
	if (features == NULL)
		return;
	out->extensions = sp_strdup(features->extensions);
	out->sftp_version = features->version;
	out->read_max = features->read_max;
	out->write_max = features->write_max;
}
