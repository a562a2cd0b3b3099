/* A request in REST-JSON: of VPC Lattice, and of our own API. */
#include "fuzz.h"

#include "request.h"
#include "service/services.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct api_service *const services[] = { &service_lattice, &service_native };
	for (size_t i = 0; i < SP_COUNT_OF(services); i++) {
		struct api_call *call = fuzz_request_read(data, size);
		if (call != NULL)
			fuzz_request_answer(call, services[i]);
		call_release(call);
	}
	return 0;
}
