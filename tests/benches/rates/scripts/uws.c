/* The load test of uWebSockets, which knows no end: it stops after as many seconds as the first argument says, and then prints its last
   line for the seconds since the one before. The other arguments are its own.

   It sends the next message before it counts the answer to the one before. So it stops at the end of a round of its loop: the alarm mostly
   comes while it sends. */
#include <libusockets.h>

static void at_end_of_round(struct us_loop_t *loop);

#define main load_test
#define us_create_loop(hint, wakeup, pre, post, extra) us_create_loop(hint, wakeup, pre, at_end_of_round, extra)
#include "load_test.c"
#undef main
#include <signal.h>
#include <unistd.h>

static volatile sig_atomic_t is_over;

static void at_end_of_round(struct us_loop_t *loop) {
    (void) loop;
    if (is_over) {
        printf("Msg/sec: %f\n", ((float) responses) / LIBUS_TIMEOUT_GRANULARITY);
        exit(0);
    }
}

static void stop(int signal) {
    (void) signal;
    is_over = 1;
}

int main(int argc, char **argv) {
    signal(SIGALRM, stop);
    alarm(atoi(argv[1]));
    return load_test(argc - 1, argv + 1);
}
