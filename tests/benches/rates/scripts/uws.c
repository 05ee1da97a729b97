/* The load test of uWebSockets, which knows no end: it stops after as many seconds as the first argument says, and then prints its last
   line for the seconds since the one before. The other arguments are its own. */
#define main load_test
#include "load_test.c"
#undef main
#include <signal.h>
#include <unistd.h>

static void stop(int signal) {
    (void) signal;
    printf("Msg/sec: %f\n", ((float) responses) / LIBUS_TIMEOUT_GRANULARITY);
    exit(0);
}

int main(int argc, char **argv) {
    signal(SIGALRM, stop);
    alarm(atoi(argv[1]));
    return load_test(argc - 1, argv + 1);
}
