/* Records of 100 bytes to topic `t`, so many of them waiting for their acknowledgements, by librdkafka: how many were acknowledged.
   Arguments: SERVER WAITING SECONDS. */
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static rd_kafka_t *client;
static rd_kafka_topic_t *topic;
static char value[100];
static unsigned long acknowledged, failed;
static int is_over;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static void send_one(void) {
    if (rd_kafka_produce(topic, RD_KAFKA_PARTITION_UA, 0, value, sizeof value, NULL, 0, NULL) != 0)
        failed++;
}

/* Who waited sends its next record. */
static void delivered(rd_kafka_t *of, const rd_kafka_message_t *message, void *state) {
    if (message->err)
        failed++;
    else
        acknowledged++;
    if (!is_over)
        send_one();
}

static void set(rd_kafka_conf_t *conf, const char *name, const char *text) {
    char error[200];
    if (rd_kafka_conf_set(conf, name, text, error, sizeof error) != RD_KAFKA_CONF_OK) {
        fprintf(stderr, "%s\n", error);
        exit(1);
    }
}

int main(int count, char **words) {
    char error[200];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    if (count != 4)
        return 1;
    memset(value, 'x', sizeof value);
    set(conf, "bootstrap.servers", words[1]);
    set(conf, "linger.ms", "0");
    set(conf, "acks", "all");
    set(conf, "enable.idempotence", "true");
    rd_kafka_conf_set_dr_msg_cb(conf, delivered);
    client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof error);
    if (!client)
        return 1;
    topic = rd_kafka_topic_new(client, "t", NULL);
    for (int at = 0; at < atoi(words[2]); at++)
        send_one();
    for (double end = now() + atof(words[3]); now() < end;)
        rd_kafka_poll(client, 10);
    is_over = 1;
    rd_kafka_flush(client, 5000);
    printf("%lu acknowledged, %lu failed\n", acknowledged, failed);
    return failed > 0;
}
