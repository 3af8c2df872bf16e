/*
 * The clock, and what the kernel says of a process, for measurements.
 */
#ifndef SK_TOOLS_DEV_MEASURE_H
#define SK_TOOLS_DEV_MEASURE_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static inline double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Processor time of the first thread; negative: the process is gone. */
static inline double cpu_s_of(long pid)
{
    char path[64];
    unsigned long long ns = 0;
    bool good;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%ld/schedstat", pid);
    file = fopen(path, "r");
    if (file == NULL)
        return -1;
    good = fscanf(file, "%llu", &ns) == 1;
    fclose(file);
    return good ? (double)ns * 1e-9 : -1;
}

/* The number in the line "NAME: number" of this file of /proc/PID; 0: none. */
static inline double number_of(long pid, const char *where, const char *name)
{
    char path[64];
    char line[256];
    size_t size = strlen(name);
    double number = 0;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%ld/%s", pid, where);
    file = fopen(path, "r");
    while (file != NULL && fgets(line, sizeof(line), file) != NULL)
        if (strncmp(line, name, size) == 0 && line[size] == ':')
            number = strtod(line + size + 1, NULL);
    if (file != NULL)
        fclose(file);
    return number;
}

#endif
