#include "model/bucket_name.h"

#include <string.h>

#define LENGTH_MIN 3
#define LENGTH_MAX 63

#define DIGITS_OF(number) #number
#define TEXT_OF(number)   DIGITS_OF(number)

const char bucket_name_rule[] = "a bucket's name has " TEXT_OF(LENGTH_MIN) " to " TEXT_OF(
	LENGTH_MAX) " characters of a-z, 0-9, \".\" and \"-\", begins and ends with a "
		    "letter or digit, and has no two dots in a row";

bool bucket_name_is_valid(const char *name)
{
	size_t length = strlen(name);
	return length >= LENGTH_MIN && length <= LENGTH_MAX &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789.-") == length &&
	       strchr(".-", name[0]) == NULL && strchr(".-", name[length - 1]) == NULL &&
	       strstr(name, "..") == NULL;
}
