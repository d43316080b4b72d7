// Latencies by the hundred million in a fixed table: 128 steps to each doubling, so within one percent.
#include "generator.h"

#define STEPS_BITS 7
#define STEPS (1u << STEPS_BITS)

static unsigned place_of(uint64_t ns) {
  if (ns < STEPS) return (unsigned)ns;
  unsigned doublings = 63 - (unsigned)__builtin_clzll(ns) - STEPS_BITS;
  return (doublings + 1) * STEPS + (unsigned)((ns >> doublings) & (STEPS - 1));
}

static uint64_t value_of(unsigned place) {
  if (place < STEPS) return place;
  unsigned doublings = place / STEPS - 1;
  return (uint64_t)(STEPS + place % STEPS) << doublings;
}

void histogram_add(histogram *all, uint64_t ns) {
  all->counts[place_of(ns)]++;
  all->total++;
  if (ns > all->max_ns) all->max_ns = ns;
}

uint64_t histogram_at(const histogram *all, double share) {
  uint64_t rank = (uint64_t)(share * (double)all->total), seen = 0;
  for (unsigned place = 0; place < 64 * STEPS; place++) {
    seen += all->counts[place];
    if (seen > rank) return value_of(place);
  }
  return all->max_ns;
}
