/*
 * Whoever waits is told what for: a question that keeps a processor busy for
 * long says so on the error stream, once, and how to make it smaller.
 */
#ifndef SK_TOOLS_SLOW_H
#define SK_TOOLS_SLOW_H

#define SK_SLOW_MS 1000

/*
 * Say `text`, a line without its end, when this process has worked for so many
 * milliseconds from now on.  Time that it waits for others does not count.
 *
 *     text    stays as it is until sk_slow_stop()
 */
void sk_slow_start(const char *text, long ms);
/* Not any more. */
void sk_slow_stop(void);

#endif
