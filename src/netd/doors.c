#include "netd/doors.h"

#include "netd/names.h"
#include "netd/rules.h"
#include "network/cidr.h"

static const char head[] =
	"add table inet " RULES_TABLE "\n"
	"add chain inet " RULES_TABLE " input { type filter hook input priority 0; policy drop; }\n"
	"add chain inet " RULES_TABLE
	" forward { type filter hook forward priority 0; policy drop; }\n"
	"add chain inet " RULES_TABLE
	" output { type filter hook output priority 0; policy drop; }\n"
	"add chain inet " RULES_TABLE
	" arrive { type nat hook prerouting priority -100; policy accept; }\n"
	"add chain inet " RULES_TABLE
	" translate { type nat hook postrouting priority 100; policy accept; }\n"
	"add chain inet " RULES_TABLE
	" leave { type filter hook postrouting priority 300; policy drop; }\n"
	"flush table inet " RULES_TABLE "\n"
	"table inet " RULES_TABLE " {\n"
	"\tchain input {\n"
	"\t\tct state established,related accept\n"
	"\t\tiifname \"lo\" accept\n"
	"\t}\n"
	"\tchain output {\n"
	"\t\tct state established,related accept\n"
	"\t\toifname \"lo\" accept\n"
	"\t}\n";

enum side { PRIVATE, PUBLIC, BOTH };

/* "{ a, b }", or with what each one leads to: "{ a : x, b : y }". */
static void add_list(const struct netd_mapping *mappings, size_t count, const char *form,
		     enum side side, struct sp_buffer *out)
{
	for (size_t i = 0; i < count; i++) {
		char inside[ADDRESS_TEXT_SIZE], outside[ADDRESS_TEXT_SIZE];
		ip_text(mappings[i].private_address, inside);
		ip_text(mappings[i].public_address, outside);
		sp_buffer_add_text(out, i == 0 ? "{ " : ", ");
		switch (side) {
		case PRIVATE:
			sp_buffer_add_text(out, inside);
			break;
		case PUBLIC:
			sp_buffer_format(out, "%s%s%s", outside, form, inside);
			break;
		case BOTH:
			sp_buffer_format(out, "%s%s%s", inside, form, outside);
			break;
		}
	}
	sp_buffer_add_text(out, " }");
}

static void add_translations(const struct netd_mapping *mappings, size_t count,
			     struct sp_buffer *out)
{
	sp_buffer_add_text(out, "\tchain arrive {\n\t\tdnat ip to ip daddr map ");
	add_list(mappings, count, " : ", PUBLIC, out);
	sp_buffer_add_text(out, "\n\t}\n\tchain translate {\n\t\tsnat ip to ip saddr map ");
	add_list(mappings, count, " : ", BOTH, out);
	sp_buffer_add_text(out, "\n\t}\n");
}

/* What is translated at a packet of a connection is what was when it began, so mappings of now are asked for again. */
static void add_leave(const struct netd_mapping *mappings, size_t count, struct sp_buffer *out)
{
	static const char *const ways[] = { "ct original ip saddr . ct reply ip daddr ",
					    "ct reply ip saddr . ct original ip daddr " };
	sp_buffer_add_text(out, "\tchain leave {\n\t\toifname \"lo\" accept\n");
	for (size_t i = 0; i < 2 && count > 0; i++) {
		sp_buffer_format(out, "\t\t%s", ways[i]);
		add_list(mappings, count, " . ", BOTH, out);
		sp_buffer_add_text(out, " accept\n");
	}
	sp_buffer_add_text(out, "\t\tcounter comment \"went by no mapping\"\n\t}\n");
}

void doors_text(const struct netd_mapping *mappings, size_t count, const struct cidr *vpc,
		struct sp_buffer *out)
{
	char block[CIDR_TEXT_SIZE];
	cidr_text(vpc, block);
	sp_buffer_add_text(out, head);
	sp_buffer_format(out,
			 "\tchain forward {\n"
			 "\t\tiifname \"" TO_INTERNET_NAME
			 "\" ip saddr %s counter drop comment \"pretended\"\n"
			 "\t\tct state established,related accept\n"
			 "\t\tiifname \"" TO_INTERNET_NAME "\" ct status dnat accept\n",
			 block);
	if (count > 0) {
		sp_buffer_add_text(out, "\t\tiifname \"" TO_VPC_NAME "\" ip saddr ");
		add_list(mappings, count, "", PRIVATE, out);
		sp_buffer_add_text(out, " accept\n");
	}
	sp_buffer_add_text(out, "\t\tcounter comment \"refused\"\n\t}\n");
	if (count > 0)
		add_translations(mappings, count, out);
	add_leave(mappings, count, out);
	sp_buffer_add_text(out, "}\n");
}
