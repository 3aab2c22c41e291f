// What a scrape shows of a snapshot.
#ifndef TESTS_RENDER_H_
#define TESTS_RENDER_H_

#include <gtest/gtest.h>

#include <string>

#include "metrics/prometheus_text.h"

inline std::string Render(const metrics::Snapshot& snapshot, metrics::Selection selection = metrics::Selection::All(),
                          size_t* blocks = nullptr) {
  std::string text;
  metrics::BlockWriter out([&](absl::string_view block) {
    EXPECT_EQ(block.back(), '\n') << "a block ends at the end of a line";
    if (blocks != nullptr) ++*blocks;
    text.append(block.data(), block.size());
    return true;
  });
  metrics::WritePrometheusText(snapshot, selection, out);
  EXPECT_TRUE(out.Flush());
  return text;
}

#endif  // TESTS_RENDER_H_
