#include "exporter/app.h"
#include "exporter/clock.h"

int main(int argc, char** argv) {
  exporter::SystemClock clock;
  return exporter::RunMain(argc, argv, clock);
}
