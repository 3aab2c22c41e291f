// Changes to the content of an otherwise healthy answer.
#ifndef TESTS_SIMULATOR_TWEAKS_H_
#define TESTS_SIMULATOR_TWEAKS_H_

#include <cstddef>

namespace simulator {

enum class WindowText { kTrue, kDayBack, kWider, kOpen, kAbsent };
enum class PodNames { kPlain, kInvalidUtf8, kLoneSurrogate, kHostile };

// How the envelope around the sets differs.
struct EnvelopeTweaks {
  int leading_empty_sets = 0;
  bool without_code = false;
  bool reversed = false;  // message, data, code
  bool twice = false;     // two documents after each other
  size_t padding = 0;     // bytes of valid rows at least
  size_t nesting = 0;     // levels of `[` in an unknown field
  bool extra_fields = false;
};

// How the rows differ. With all of them off, the rows are true.
struct RowTweaks {
  WindowText window = WindowText::kTrue;
  PodNames pod_names = PodNames::kPlain;
  bool null_row = false;
  bool duplicate_rows = false;
  bool null_costs = false;
  bool null_efficiency = false;
  bool string_numbers = false;
  bool overflow_number = false;
  bool negative_minutes = false;
  bool negative_costs = false;
  bool extra_fields = false;
  bool extra_cluster = false;
  bool no_cluster = false;
  bool leaked_properties = false;
  size_t label_bytes = 0;
  size_t name_bytes = 0;
  double cost_factor = 1;
};

// What the server does not know; see Conditions.
struct DataTweaks {
  bool first_half = false;
  bool lacks_pods = false;  // on pod level and below
};

struct Tweaks {
  DataTweaks data;
  EnvelopeTweaks envelope;
  RowTweaks rows;
};

}  // namespace simulator

#endif  // TESTS_SIMULATOR_TWEAKS_H_
