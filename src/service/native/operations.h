#pragma once
/** Within service/native/: the handlers, a file per resource. */

#include "api/call.h"

/* resource.c: api_service.find_arn */
char *native_find_arn(void *context, const json_t *input, const char *kind, const char *value);

/* bucket.c */
void native_test_bucket(struct api_call *call);

/* cancel.c */
void native_cancel_transfer(struct api_call *call);
void native_cancel_file(struct api_call *call);

/* connector.c */
void native_get_connector(struct api_call *call);
void native_test_connector(struct api_call *call);
void native_pause_connector(struct api_call *call);
void native_resume_connector(struct api_call *call);

/* event.c */
void native_listen(struct api_call *call);

/* file.c */
void native_get_file(struct api_call *call);

/* flow.c */
void native_list_flows(struct api_call *call);

/* health.c */
void native_get_health(struct api_call *call);
bool native_health_is_open(const void *context);

/* metrics.c */
void native_get_metrics(struct api_call *call);
bool native_metrics_are_open(const void *context);

/* listing.c */
void native_get_listing(struct api_call *call);

/* receipt.c */
void native_get_receipt(struct api_call *call);
void native_get_server(struct api_call *call);

/* retry.c */
void native_retry_transfer(struct api_call *call);

/* transfer.c */
void native_list_transfers(struct api_call *call);
void native_get_transfer(struct api_call *call);

/* usage.c */
void native_list_usage(struct api_call *call);
void native_list_resource_hours(struct api_call *call);

/* webhook.c */
void native_list_webhooks(struct api_call *call);
void native_get_webhook(struct api_call *call);
void native_resume_webhook(struct api_call *call);
void native_skip_event(struct api_call *call);
