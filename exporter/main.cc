#include "base/clock.h"
#include "exporter/app.h"

int main(int argc, char** argv) {
  base::SystemClock clock;
  return exporter::RunMain(argc, argv, clock);
}
