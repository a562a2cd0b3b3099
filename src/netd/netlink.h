#pragma once
/**
 * A talk with the kernel about the interfaces and addresses of one network namespace (routes: netd/routes.h). It stays with the namespace
 * in which it was opened, wherever the process goes afterwards.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "model/network.h"
#include "netd/namespaces.h"

struct nl_sock;

enum {
	LINK_KIND_SIZE = 16,
	LINK_ALIAS_SIZE = 144,
	KERNEL_WORDS_SIZE = 128,
};

struct netlink {
	struct nl_sock *socket;        /* owned */
	int refusal;                   /* errno of the last request; 0: it was not refused */
	char words[KERNEL_WORDS_SIZE]; /* what the kernel said about it; mostly "" */
};

/** @namespace_fd  -1: where this process belongs. @out's place in memory must not change until it is closed. */
int netlink_open(struct netlink *out, const struct namespaces *namespaces, int namespace_fd,
		 struct sp_error *err);
/** The same about what netfilter knows. */
int netlink_open_netfilter(struct netlink *out, const struct namespaces *namespaces,
			   int namespace_fd, struct sp_error *err);
void netlink_close(struct netlink *netlink); /* also one that was not opened, of zeros */

/**
 * Fails with "…: " and why: the kernel's errno and words when it refused, else the library's.
 * @result  of a call of the library
 */
int netlink_fail(struct netlink *netlink, int result, struct sp_error *err, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/** Forget an earlier refusal, in front of a request. Returns the socket. */
struct nl_sock *netlink_ready(struct netlink *netlink);

struct link_facts {
	int index;
	int lower;      /* index of the other end of a veth, of what a macvlan hangs on; 0: none */
	int master;     /* index of its bridge; 0: none */
	unsigned flags; /* IFF_UP … */
	bool is_ethernet;
	char name[INTERFACE_NAME_SIZE];
	char kind[LINK_KIND_SIZE]; /* "veth", "bridge", "macvlan" …; "" for hardware */
	char mac[MAC_TEXT_SIZE];
	char alias[LINK_ALIAS_SIZE];
};

/** *out_found says whether there is one of that name. */
int link_find(struct netlink *netlink, const char *name, struct link_facts *out, bool *out_found,
	      struct sp_error *err);
/** @out: an array, owned by the caller */
int link_list(struct netlink *netlink, struct link_facts **out, size_t *out_count,
	      struct sp_error *err);

int link_add_bridge(struct netlink *netlink, const char *name, const char *mac,
		    struct sp_error *err);
/** A cable: @name here, on the bridge @master (0: on none), and @inside_name in another namespace. */
int link_add_cable(struct netlink *netlink, const char *name, int master, const char *inside_name,
		   const char *inside_mac, int inside_fd, struct sp_error *err);
/** On the interface @lower of this namespace, and in another one from the beginning. */
int link_add_macvlan(struct netlink *netlink, int lower, const char *inside_name, const char *mac,
		     int inside_fd, struct sp_error *err);

/** What a link shall be. Zeros and NULL: as it is. */
struct link_wish {
	const char *mac;
	const char *alias;
	int master;
	bool up;
};
/** Asks the kernel only for what is not so yet. */
int link_settle(struct netlink *netlink, const struct link_facts *facts,
		const struct link_wish *wish, struct sp_error *err);
/** Not being there (any more) is fine. */
int link_remove(struct netlink *netlink, int index, struct sp_error *err);

/** Tells the neighbours whose its addresses are (where arp_notify is set): one that was somewhere else is here now. */
int link_announce(struct netlink *netlink, const struct link_facts *facts, struct sp_error *err);

struct link_address {
	struct ip_address address;
	int bits;
};

/**
 * Gives the interface addresses. @alone: and takes all others from it.
 * @out_added  whether there is one that was not there; may be NULL
 */
int addresses_settle(struct netlink *netlink, int index, const struct link_address *wanted,
		     size_t count, bool alone, bool *out_added, struct sp_error *err);
/** All addresses of the namespace but those of links (fe80::/10). @out: an array, owned by the caller */
int addresses_list(struct netlink *netlink, struct ip_address **out, size_t *out_count,
		   struct sp_error *err);
