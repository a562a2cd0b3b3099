#pragma once
/** TCP that does not hold back small things. Errors are passed over: it is slower then, and right all the same. */

/** What is written to the socket leaves at once (TCP_NODELAY). */
void sp_tcp_send_at_once(int fd);

/**
 * What came is acknowledged now (TCP_QUICKACK): a server that sends an answer in two pieces, and knows nothing of
 * TCP_NODELAY, keeps the second until the first is acknowledged, which a kernel otherwise puts off for 40 ms. Not for
 * good: the kernel forgets it soon.
 */
void sp_tcp_acknowledge_at_once(int fd);
