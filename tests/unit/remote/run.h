#pragma once
/** Running one job to its end. */

#include "pattern.h"
#include "remote/download.h"
#include "remote/upload.h"

enum { RUN_IDLE_MS = 20000 };

struct outcome {
	enum job_state state;
	enum failure_step step;
	struct sp_error error;
};

struct outcome run_upload(struct remote *remote, struct upload *upload);
struct outcome run_download(struct remote *remote, struct download *download);

/** From start to destroy, with a plan of just these. */
struct outcome send_file(struct remote *remote, const char *part, uint64_t planned,
			 struct pattern_source *source);
struct outcome fetch_file(struct remote *remote, const char *path, struct pattern_sink *sink);
