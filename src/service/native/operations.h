#pragma once
/** Within service/native/: the handlers, a file per resource. */

#include "api/call.h"

/* resource.c: api_service.find_arn */
char *native_find_arn(void *context, const json_t *input, const char *kind, const char *value);

/* connector.c */
void native_get_connector(struct api_call *call);
void native_test_connector(struct api_call *call);

/* flow.c */
void native_list_flows(struct api_call *call);

/* receipt.c */
void native_get_receipt(struct api_call *call);
void native_get_transfer(struct api_call *call);
void native_get_server(struct api_call *call);
