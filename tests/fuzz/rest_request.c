/* A request in REST-JSON: of VPC Lattice, and of our own API; and what Lattice's own readers make of an input whose shape
 * is right. */
#include "fuzz.h"

#include "request.h"
#include "service/lattice/configuration_input.h"
#include "service/services.h"

static const struct service_context context = { .region = "eu-central-1",
						.account = "123456789012" };

/* Each reader by itself, as a refusal of one says nothing of the next. */
static void read_configuration(const json_t *input)
{
	static int (*const readers[])(
		struct lattice_request * request, struct resource_configuration * out,
		struct sp_error * err) = { lattice_read_configuration, lattice_read_ports };
	for (size_t i = 0; i < SP_COUNT_OF(readers); i++) {
		struct lattice_request request = { .context = &context,
						   .input = input,
						   .output = json_object() };
		struct resource_configuration configuration = { 0 };
		struct sp_error err = { 0 };
		if (readers[i](&request, &configuration, &err) != 0)
			fuzz_check_error(&err);
		resource_configuration_finish(&configuration);
		json_decref(request.output);
		json_decref(request.members);
	}
}

static void use(const struct api_call *call)
{
	if (strcmp(call->operation->name, "CreateResourceConfiguration") == 0)
		read_configuration(call->input);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct api_served served[] = { { &service_lattice, NULL },
						    { &service_native, NULL } };
	fuzz_request_serve(data, size, served, SP_COUNT_OF(served), use);
	return 0;
}
