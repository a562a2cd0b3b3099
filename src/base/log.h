#pragma once
/**
 * The log: one line per event on standard error, for people and journald. Only programs log; rooms return errors.
 * The log's level and sink are the only global of the house. Secrets are never given to it.
 */

enum sp_log_level { SP_LOG_ERROR, SP_LOG_WARNING, SP_LOG_INFO, SP_LOG_DEBUG };

/** @program is kept. */
void sp_log_init(const char *program, enum sp_log_level level);

/** Control characters and bytes that are no UTF-8 are escaped: a line stays a line. Any thread. */
void sp_log(enum sp_log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** "error", "warning", "info", "debug"; -1 for anything else. */
int sp_log_level_from_name(const char *name);
