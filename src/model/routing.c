#include "model/routing.h"

#include <stdlib.h>

void nat_gateway_finish(struct nat_gateway *gateway)
{
	if (gateway == NULL)
		return;
	free(gateway->failure);
	*gateway = (struct nat_gateway){ 0 };
}
