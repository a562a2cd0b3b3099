/* sallyport completion: what a shell reads, which then asks "sallyport complete" at every key. */

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/handlers.h"

static const struct {
	const char *shell, *script;
} scripts[] = {
	{ "bash",
	  "# Completion of sallyport for bash.\n"
	  "_sallyport() {\n"
	  "\tlocal IFS=$'\\n'\n"
	  "\tCOMPREPLY=($(sallyport complete -- \"${COMP_WORDS[@]:1:COMP_CWORD}\" 2>/dev/null))\n"
	  "\tcase \"${COMPREPLY[0]}\" in */) compopt -o nospace 2>/dev/null ;; esac\n"
	  "}\n"
	  "complete -o default -F _sallyport sallyport\n" },
	{ "zsh",
	  "#compdef sallyport\n"
	  "# Completion of sallyport for zsh.\n"
	  "_sallyport() {\n"
	  "\tlocal -a found\n"
	  "\tfound=(\"${(@f)$(sallyport complete -- \"${(@)words[2,CURRENT]}\" 2>/dev/null)}\")\n"
	  "\tif [[ -n ${found[1]} ]]; then\n"
	  "\t\tcompadd -S '' -- ${(M)found:#*/}\n"
	  "\t\tcompadd -- ${found:#*/}\n"
	  "\t\treturn 0\n"
	  "\telse\n"
	  "\t\t_files\n"
	  "\tfi\n"
	  "}\n"
	  "if [[ $funcstack[1] = _sallyport ]]; then\n"
	  "\t_sallyport \"$@\"\n"
	  "elif (( $+functions[compdef] )); then\n"
	  "\tcompdef _sallyport sallyport\n"
	  "fi\n" },
};

int print_completion(struct run *run, struct sp_error *err)
{
	for (size_t i = 0; i < SP_COUNT_OF(scripts); i++) {
		if (strcmp(scripts[i].shell, run_word(run, 0)) == 0) {
			fputs(scripts[i].script, stdout);
			return 0;
		}
	}
	return sp_fail(err, SP_INVALID, "there is completion for bash and zsh, not for \"%.32s\"",
		       run_word(run, 0));
}
