// Whose turn it is among closed days, where not all can have it at once.
#ifndef EXPORTER_POLLING_TURNS_H_
#define EXPORTER_POLLING_TURNS_H_

#include "absl/time/time.h"
#include "exporter/polling/closed_day.h"
#include "exporter/polling/ledger.h"

namespace polling {

// Lets `turns` late and back-filled days at a time show their pods: those that were served least, the oldest first.
// True when one more does.
bool GivePodsTheirTurn(const Ledger& ledger, int turns, Days& days);

// Of the days in doubt only the newest is asked for as often as its record says, the others each `longest_wait`.
void RankDoubts(const Ledger& ledger, absl::Duration longest_wait, Days& days);

}  // namespace polling

#endif  // EXPORTER_POLLING_TURNS_H_
