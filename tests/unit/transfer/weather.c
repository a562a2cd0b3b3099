/* The linker gives us the calls of everything else in the program (--wrap). */
#include "weather.h"

#include <errno.h>
#include <sys/socket.h>

_Atomic int64_t weather_clock_ahead_ms;
atomic_int weather_busy;

int64_t __real_sp_now_ms(void);
int64_t __wrap_sp_now_ms(void);
ssize_t __real_sendmsg(int fd, const struct msghdr *message, int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags);

int64_t __wrap_sp_now_ms(void)
{
	return __real_sp_now_ms() + weather_clock_ahead_ms;
}

ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags)
{
	if (message->msg_controllen == 0 || weather_busy == 0)
		return __real_sendmsg(fd, message, flags);
	weather_busy--;
	errno = ETOOMANYREFS;
	return -1;
}
