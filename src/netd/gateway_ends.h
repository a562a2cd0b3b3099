#pragma once
/** The addresses of an internet gateway's cables (netd/make.h): the same everywhere, and nobody else's business. */

enum {
	GATEWAY_HOST_END = 0xa9fefe01, /* 169.254.254.1: sh-… */
	GATEWAY_INTERNET_END =
		0xa9fefe02,              /* 169.254.254.2: "internet", where it leads to the host */
	GATEWAY_VPC_END = 0xa9fefe03,    /* 169.254.254.3: "vpc" */
	GATEWAY_ROUTER_END = 0xa9fefe04, /* 169.254.254.4: ig-… */
};
