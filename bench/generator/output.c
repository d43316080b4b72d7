// What is printed: lines of JSON for bench/generator.ts.
#include "generator.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/** The first line of a file of /proc, as a JSON string; empty when it is not there. */
static void print_first_line(const char *path) {
  char text[1024];
  int file = open(path, O_RDONLY);
  ssize_t length = file < 0 ? 0 : read(file, text, sizeof text - 1);
  if (file >= 0) close(file);
  text[length > 0 ? length : 0] = 0;
  printf("\"%.*s\"", (int)strcspn(text, "\n"), text);
}

/** What /proc says of each process that is watched, this one last, and of the whole machine. */
static void print_stats(void) {
  printf("\"stats\":[");
  for (int at = 0; at < run.pids_count; at++) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/stat", run.pids[at]);
    print_first_line(path);
    printf(",");
  }
  print_first_line("/proc/self/stat");
  printf("],\"machine\":");
  print_first_line("/proc/stat");
}

void print_histogram(const char *name, const histogram *all) {
  printf(",\"%s\":{\"count\":%lu,\"p50\":%.1f,\"p99\":%.1f,\"p999\":%.1f,\"max\":%.1f}", name,
         (unsigned long)all->total, (double)histogram_at(all, 0.5) / 1e3, (double)histogram_at(all, 0.99) / 1e3,
         (double)histogram_at(all, 0.999) / 1e3, (double)all->max_ns / 1e3);
}

void print_begin(const char *event, double ms) {
  printf("{\"event\":\"%s\",\"ms\":%.3f,", event, ms);
  print_stats();
}

void print_end(void) {
  puts("}");
  fflush(stdout);
}

