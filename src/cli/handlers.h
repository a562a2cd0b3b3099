#pragma once
/** Who carries out each command: a file each, or one for those that are alike. See command.carry_out. */

#include "cli/command.h"

/* connector_show.c */
int connector_list(struct run *run, struct sp_error *err);
int connector_show(struct run *run, struct sp_error *err);

/* connector_test.c */
int connector_test(struct run *run, struct sp_error *err);

/* bucket_test.c */
int bucket_test(struct run *run, struct sp_error *err);

/* send.c */
int send_files(struct run *run, struct sp_error *err);

/* get.c */
int get_files(struct run *run, struct sp_error *err);

/* ls.c */
int list_paths(struct run *run, struct sp_error *err);

/* watch.c */
int watch(struct run *run, struct sp_error *err);

/* transfers.c */
int transfers_show(struct run *run, struct sp_error *err);
int transfers_cancel(struct run *run, struct sp_error *err);
int transfers_retry(struct run *run, struct sp_error *err);

/* help.c */
int show_help(struct run *run, struct sp_error *err);

/* connector_add.c */
int connector_add(struct run *run, struct sp_error *err);

/* connector_edit.c */
int connector_edit(struct run *run, struct sp_error *err);
int connector_remove(struct run *run, struct sp_error *err);
int connector_pause(struct run *run, struct sp_error *err);
int connector_resume(struct run *run, struct sp_error *err);

/* mv.c */
int move_remote(struct run *run, struct sp_error *err);
int remove_remote(struct run *run, struct sp_error *err);

/* key.c */
int key_create(struct run *run, struct sp_error *err);
int key_list(struct run *run, struct sp_error *err);
int key_disable(struct run *run, struct sp_error *err);
int key_enable(struct run *run, struct sp_error *err);
int key_delete(struct run *run, struct sp_error *err);

/* status.c */
int show_status(struct run *run, struct sp_error *err);

/* backup.c */
int back_up(struct run *run, struct sp_error *err);

/* completion.c */
int print_completion(struct run *run, struct sp_error *err);

/* complete.c */
int complete_word(struct run *run, struct sp_error *err);

/* import.c */
int import_remotes(struct run *run, struct sp_error *err);
