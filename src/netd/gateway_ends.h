#pragma once
/** The addresses of an internet gateway's cables (netd/make.h): the same everywhere, and nobody else's business. */

#include "base/ip.h"

/* 169.254.254.1: sh-… */
static const struct ip_address gateway_host_end = IPV4(0xa9fefe01);
/* 169.254.254.2: "internet", where it leads to the host */
static const struct ip_address gateway_internet_end = IPV4(0xa9fefe02);
/* 169.254.254.3: "vpc" */
static const struct ip_address gateway_vpc_end = IPV4(0xa9fefe03);
/* 169.254.254.4: ig-… */
static const struct ip_address gateway_router_end = IPV4(0xa9fefe04);
