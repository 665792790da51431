/* Requests and responses over one TCP connection; prints nanoseconds for each.
 *
 *     exchange serve ADDRESS
 *     exchange ask ADDRESS BYTES-OF-RESPONSE
 */

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PORT = 8000, REQUEST = 300, MOST = 1 << 20, WARM = 100, EXCHANGES = 500 };

static char data[MOST];

static void require(int holds, const char *what) {
    if (!holds) {
        perror(what);
        exit(1);
    }
}

static int receive(int peer, size_t size) {
    for (size_t got = 0; got < size;) {
        ssize_t n = recv(peer, data, size - got, 0);
        if (n <= 0)
            return 0;
        got += n;
    }
    return 1;
}

static void transmit(int peer, size_t size) {
    require(send(peer, data, size, 0) == (ssize_t)size, "send");
}

static void serve(struct sockaddr_in *address) {
    int listener = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    require(bind(listener, (struct sockaddr *)address, sizeof *address) == 0, "bind");
    require(listen(listener, 1) == 0, "listen");
    for (;;) {
        int client = accept(listener, NULL, NULL);
        require(client >= 0, "accept");
        setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        while (receive(client, REQUEST))
            transmit(client, atoi(data));
        close(client);
    }
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1e9 + time.tv_nsec;
}

static void ask(struct sockaddr_in *address, const char *size) {
    int server = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
    double start = 0;
    require(connect(server, (struct sockaddr *)address, sizeof *address) == 0, "connect");
    setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    for (int n = 0; n < WARM + EXCHANGES; n++) {
        if (n == WARM)
            start = now();
        memset(data, 0, REQUEST);
        strcpy(data, size);
        transmit(server, REQUEST);
        require(receive(server, atoi(size)), "recv");
    }
    printf("%.0f\n", (now() - start) / EXCHANGES);
}

int main(int count, char **words) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    require(count >= 3 && inet_aton(words[2], &address.sin_addr), "address");
    if (count == 4)
        ask(&address, words[3]);
    else
        serve(&address);
    return 0;
}
