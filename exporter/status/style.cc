#include "exporter/status/style.h"

#include <cstddef>
#include <string_view>

#include "kubecost/resource.h"

namespace status {
namespace {

constexpr std::string_view kStyle = R"css(
:root {
  color-scheme: light dark;
  --page: #f4f6f9; --card: #ffffff; --text: #17202e; --muted: #566274; --line: #dfe4eb; --track: #e9edf2;
  --accent: #1d5fc4; --used: #3f7be0; --idle: #c3ccd8; --shade: #17202e2b;
  --good: #0a6437; --good-back: #dff4e7; --warning: #754600; --warning-back: #fdeecb;
  --bad: #a0161f; --bad-back: #fde4e4; --neutral: #4a5567; --neutral-back: #e9edf2;
  --r0: #3f7be0; --r1: #d64f45; --r2: #1f9e8f; --r3: #e2a12b; --r4: #8a62cf; --r5: #d0699f; --r6: #7c8a9c; --r7: #8a6848;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0f141b; --card: #171e28; --text: #e4e9f0; --muted: #9ba8ba; --line: #2a3442; --track: #232c39;
    --accent: #7fb0ff; --used: #5b93f0; --idle: #475366; --shade: #00000066;
    --good: #82dfa9; --good-back: #12321f; --warning: #f4cb75; --warning-back: #38290a;
    --bad: #ffa3a0; --bad-back: #43171a; --neutral: #b4bfce; --neutral-back: #273140;
    --r0: #5b93f0; --r1: #e96b60; --r2: #35b8a7; --r3: #edb346; --r4: #a684e3; --r5: #e085b4; --r6: #93a1b3; --r7: #b08a64;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; overflow-wrap: anywhere; }
header, main, footer { max-width: 76rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 1.5rem; }
h1, h2, h3, p, ul, dl, dd, figure { margin: 0; padding: 0; }
h1 { font-size: 1.3rem; line-height: 1.25; letter-spacing: -.01em; }
h2 { font-size: 1.1rem; line-height: 1.3; }
h3 { font-size: 1rem; line-height: 1.3; }
a { color: var(--accent); text-underline-offset: .15em; }
a:focus-visible, input:focus-visible, button:focus-visible, .scroll:focus-visible, summary:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
code { font-family: ui-monospace, SFMono-Regular, Menlo, "DejaVu Sans Mono", monospace; font-size: .9em; }
.muted, .at, .unit, figcaption, .note { color: var(--muted); }
.note { font-size: .87rem; max-width: 62rem; }
.unit { font-size: .8em; font-weight: 400; }
.at { font-size: .8rem; white-space: nowrap; }
.top { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: center; }
.brand { display: flex; gap: .7rem; align-items: center; margin-right: auto; }
.logo { width: 2rem; height: 2rem; flex: none; }
.links { list-style: none; display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; margin-top: .7rem; font-size: .92rem; }
.search { display: flex; gap: .5rem; margin-top: 1.1rem; }
input, button { font: inherit; padding: .5rem .8rem; border: 1px solid var(--line); border-radius: .55rem; background: var(--card); color: var(--text); min-width: 0; }
input { flex: 1; border-color: var(--muted); }
input::placeholder { color: var(--muted); opacity: 1; }
button { background: var(--accent); border-color: var(--accent); color: var(--card); font-weight: 600; cursor: pointer; }
section { margin-top: 1.6rem; }
section > h2 { margin-bottom: .2rem; }
section > .note { margin-bottom: .7rem; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .8rem; padding: 1.1rem 1.25rem; }
.card + .card { margin-top: 1rem; }
.row { display: flex; flex-wrap: wrap; align-items: baseline; gap: .3rem .6rem; }
.row h2, .row h3 { margin-right: .2rem; }
.pill { display: inline-block; padding: .06rem .6rem; border-radius: 1rem; font-size: .8rem; font-weight: 600; white-space: nowrap; }
.pill.large { font-size: .92rem; padding: .2rem .85rem; }
.good { color: var(--good); background: var(--good-back); }
.warning { color: var(--warning); background: var(--warning-back); }
.bad { color: var(--bad); background: var(--bad-back); }
.neutral { color: var(--neutral); background: var(--neutral-back); }
.banner { border-radius: .8rem; padding: 1rem 1.25rem; margin-top: 1.2rem; border-left: .3rem solid; }
.banner p, .banner ul { color: var(--text); margin-top: .4rem; }
.banner ul { list-style: none; }
.banner li + li { margin-top: .5rem; }
.banner a { color: inherit; }
.error { font-weight: 600; }
.clusters { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); }
.clusters .card { margin: 0; }
.halves { display: grid; gap: 1rem 2.5rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 19rem), 1fr)); align-items: end; margin-top: .6rem; }
.big { font-size: 2.1rem; line-height: 1.15; font-weight: 650; letter-spacing: -.02em; font-variant-numeric: tabular-nums; }
.big .unit { font-size: 1rem; letter-spacing: 0; }
.figures { display: grid; gap: .6rem 1.6rem; grid-template-columns: repeat(auto-fit, minmax(6.8rem, 1fr)); margin-top: .9rem; }
.figures dt, .settings dt { color: var(--muted); font-size: .82rem; }
.figures dd { font-weight: 600; font-variant-numeric: tabular-nums; }
.figures dd small { display: block; font-weight: 400; color: var(--muted); }
.settings { display: grid; gap: .8rem 1.6rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 15rem), 1fr)); }
.scroll { overflow-x: auto; background:
  linear-gradient(to right, var(--card) 40%, transparent) left / 2rem 100% no-repeat local,
  linear-gradient(to left, var(--card) 40%, transparent) right / 2rem 100% no-repeat local,
  linear-gradient(to right, var(--shade), transparent) left / .7rem 100% no-repeat,
  linear-gradient(to left, var(--shade), transparent) right / .7rem 100% no-repeat; }
.scroll + .scroll { margin-top: 1.3rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--muted); font-size: .87rem; padding-bottom: .5rem; max-width: calc(100vw - 4.5rem); }
th, td { text-align: left; padding: .42rem 1rem .42rem 0; border-top: 1px solid var(--line); vertical-align: middle; }
th:last-child, td:last-child { padding-right: 0; }
thead th { border-top: 0; color: var(--muted); font-size: .8rem; font-weight: 600; white-space: nowrap; vertical-align: bottom; }
tbody th { font-weight: 500; }
tbody tr:hover { background: color-mix(in srgb, var(--track) 45%, transparent); }
.name { min-width: 9.5rem; max-width: 24rem; overflow: hidden; }
.name small, td small { display: block; color: var(--muted); font-size: .82rem; font-weight: 400; }
.num { text-align: right; white-space: nowrap; }
thead .num { text-align: right; }
td .at { display: block; }
svg { display: block; }
.bar { width: 100%; min-width: 8rem; height: .8rem; border-radius: .25rem; }
.wide { height: .7rem; margin: .8rem 0 .3rem; border-radius: .35rem; }
.bars { width: 30%; }
.share { width: 4.5rem; height: .25rem; margin: .2rem 0 0 auto; border-radius: .15rem; }
.why td { border-top: 0; padding-top: 0; font-size: .87rem; color: var(--bad); }
.spark { height: 1.6rem; max-width: none; }
.spark path { fill: var(--used); }
.chart { height: 7.5rem; max-width: 100%; }
.trend figcaption { display: flex; justify-content: space-between; gap: 1rem; font-size: .78rem; margin-top: .25rem; border-top: 1px solid var(--line); padding-top: .2rem; }
.trend { width: fit-content; min-width: 11.5rem; max-width: 100%; }
.trend .legend { justify-content: flex-end; margin-bottom: .4rem; }
.used { fill: var(--used); }
.idle { fill: var(--idle); }
.track { fill: var(--track); }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: .15rem .95rem; font-size: .82rem; color: var(--muted); margin-bottom: .6rem; }
.legend li { display: flex; align-items: center; gap: .35rem; }
.swatch { width: .7rem; height: .7rem; border-radius: .2rem; flex: none; }
.r0 { fill: var(--r0); } .r1 { fill: var(--r1); } .r2 { fill: var(--r2); } .r3 { fill: var(--r3); }
.r4 { fill: var(--r4); } .r5 { fill: var(--r5); } .r6 { fill: var(--r6); } .r7 { fill: var(--r7); }
footer { padding-top: 1.6rem; padding-bottom: 2.5rem; font-size: .87rem; color: var(--muted); }
@media (max-width: 30rem) {
  header, main, footer { padding-left: .8rem; padding-right: .8rem; }
  .card, .banner { padding: .9rem; }
}
@media (forced-colors: active) { .pill, .banner { border: 1px solid; } svg { forced-color-adjust: none; } }
)css";

// How often `before`, a number and `after` stand in the style.
constexpr size_t CountOf(std::string_view before, std::string_view after) {
  size_t count = 0;
  for (size_t at = kStyle.find(before); at != std::string_view::npos; at = kStyle.find(before, at + 1)) {
    const size_t number_end = kStyle.find_first_not_of("0123456789", at + before.size());
    count += kStyle.substr(number_end).starts_with(after) ? 1 : 0;
  }
  return count;
}
static_assert(CountOf("--r", ":") == 2 * kubecost::kResourceCount && CountOf(".r", " {") == kubecost::kResourceCount,
              "every Resource needs its colour in the style, light and dark");

}  // namespace

const absl::string_view kStatusStyleHash = "lZFrrE5asjeE8MVjGYTY89NAQlF00yR2dvhZyCar3KM=";
const absl::string_view kStatusStyle(kStyle.data(), kStyle.size());

}  // namespace status
