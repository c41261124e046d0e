/** What the status page is drawn with. One file each would be nicer to edit, but an agent ships as one bundled file. */

const icon = (paths: string) =>
  `<svg viewBox="0 0 24 24" width="24" height="24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${paths}</svg>`;

const ring = icon('<circle cx="12" cy="12" r="9" opacity=".25"/><path class="turn" d="M21 12a9 9 0 0 0-9-9"/>');
const cross = icon('<circle cx="12" cy="12" r="9"/><path d="M12 7.5v5.5M12 16.4v.1"/>');

/** An icon for each phase and each state of a step. */
export const MARKS = {
  unconfigured: icon(
    '<path d="M4 7h10M18 7h2M4 17h2M10 17h10"/><circle cx="16" cy="7" r="2"/><circle cx="8" cy="17" r="2"/>',
  ),
  starting: ring,
  failed: cross,
  stopped: icon('<circle cx="12" cy="12" r="9"/><path d="M10 9v6M14 9v6"/>'),
  standby: icon('<path d="M20 14.5A8.5 8.5 0 1 1 9.5 4a6.8 6.8 0 0 0 10.5 10.5z"/>'),
  updating: ring,
  recovering: ring,
  done: icon('<circle cx="12" cy="12" r="9"/><path d="m8 12.3 2.7 2.7L16 9.6"/>'),
  running: ring,
  waiting: icon('<circle cx="12" cy="12" r="9" opacity=".35"/>'),
};

export const STYLE = `
:root{
  --ground:#f4f5f7;--sheet:#fff;--line:#e3e6ea;--ink:#1b2430;--soft:#556070;--accent:#1f5fbf;
  --good:#1a7a4c;--bad:#b3261e;--bad-ground:#fdf2f1;--bad-line:#f0c9c6;--code:#eef0f3;
}
@media (prefers-color-scheme:dark){:root{
  --ground:#11161d;--sheet:#1a212b;--line:#2c3644;--ink:#e9edf2;--soft:#a3afbe;--accent:#7fb2ff;
  --good:#63d19b;--bad:#ff9d94;--bad-ground:#2a1c1f;--bad-line:#5d3338;--code:#27303c;
}}
*{box-sizing:border-box;margin:0}
html{font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif;color:var(--ink);background:var(--ground)}
body{min-height:100vh;min-height:100dvh;display:flex;justify-content:center;align-items:flex-start;padding:clamp(1rem,9vh,6rem) 1rem 1rem}
main{width:100%;max-width:36rem;background:var(--sheet);border:1px solid var(--line);border-radius:14px;padding:2.25rem 2.25rem 1.5rem;box-shadow:0 1px 2px rgb(0 0 0/.04),0 12px 32px rgb(0 0 0/.06);overflow-wrap:anywhere}
@media (max-width:30rem){body{padding-top:1rem}main{padding:1.5rem 1.25rem 1rem}}
.where{display:flex;justify-content:space-between;gap:1rem;color:var(--soft);font-size:.875rem;margin-bottom:1.5rem}
.where span:first-child{font-weight:600;color:var(--ink)}
.where span:last-child{white-space:nowrap}
.phase{display:flex;align-items:center;gap:.5rem;font-weight:600;color:var(--accent)}
.mark{flex:none;display:inline-flex}
.mark svg{width:1.25rem;height:1.25rem}
[data-phase=failed] .phase{color:var(--bad)}
[data-phase=stopped] .phase,[data-phase=standby] .phase{color:var(--soft)}
h1{font-size:clamp(1.375rem,5vw,1.75rem);line-height:1.25;font-weight:650;letter-spacing:-.01em;margin:.375rem 0 .625rem;text-wrap:balance}
.hint{color:var(--soft);white-space:pre-line}
code{font:.9em ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;background:var(--code);border-radius:5px;padding:.1em .35em;-webkit-box-decoration-break:clone;box-decoration-break:clone}
time{white-space:nowrap}
.failure{background:var(--bad-ground);border:1px solid var(--bad-line);border-radius:10px;padding:1rem 1.125rem;margin-top:1.5rem}
.failure p{white-space:pre-line}
.failure h2{font-size:1rem;font-weight:650;margin-top:.875rem}
.failure .code{margin-top:.875rem;font-size:.875rem;color:var(--soft)}
section{margin-top:1.75rem}
progress{appearance:none;-webkit-appearance:none;display:block;width:100%;height:6px;border:0;border-radius:3px;background:var(--line);color:var(--accent);overflow:hidden}
progress::-webkit-progress-bar{background:var(--line);border-radius:3px}
progress::-webkit-progress-value{background:var(--accent);border-radius:3px;transition:inline-size .6s ease}
progress::-moz-progress-bar{background:var(--accent);border-radius:3px}
[data-phase=failed] progress{color:var(--bad)}
[data-phase=failed] progress::-webkit-progress-value{background:var(--bad)}
[data-phase=failed] progress::-moz-progress-bar{background:var(--bad)}
ol{list-style:none;padding:0;margin-top:1rem}
li{position:relative;display:flex;align-items:flex-start;gap:.75rem;padding:.375rem 0}
li:not(:last-child)::after{content:"";position:absolute;left:calc(.625rem - .5px);top:1.9375rem;bottom:-.3125rem;width:1px;background:var(--soft);opacity:.25}
li .mark{margin-top:.125rem;color:var(--soft)}
li .name{flex:1}
li.done .mark{color:var(--good)}
li.running .mark{color:var(--accent)}
li.running .name{font-weight:600}
li.failed .mark,li.failed .name{color:var(--bad)}
li.failed .name{font-weight:600}
li.waiting .name{color:var(--soft)}
.detail{display:block;font-weight:400;font-size:.875rem;color:var(--soft)}
.seconds{color:var(--soft);font-size:.875rem;line-height:1.7;font-variant-numeric:tabular-nums;white-space:nowrap}
footer{margin-top:1.5rem;padding-top:1rem;border-top:1px solid var(--line);font-size:.8125rem;color:var(--soft);font-variant-numeric:tabular-nums}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.turn{transform-origin:12px 12px;animation:turn 1.1s linear infinite}
@keyframes turn{to{transform:rotate(1turn)}}
@media (prefers-reduced-motion:reduce){.turn{animation-duration:6s}progress::-webkit-progress-value{transition:none}}
@media (forced-colors:active){main,.failure{border:1px solid}}
`;

/**
 * Asks for the page again under its own address. An answer without the page's header is the application's: then the browser
 * goes there. Else what differs is put in place, node by node, so that nothing flickers and a screen reader hears changes
 * alone. A page that says no time stays as it is. A failed request (nginx restarts, the network is away) is asked again.
 */
export const SCRIPT = `
(() => {
  const page = document.getElementById("page");
  const update = (now, next) => {
    if (now.nodeType !== next.nodeType || now.nodeName !== next.nodeName) return now.replaceWith(next);
    if (now.nodeType === 3) { if (now.data !== next.data) now.data = next.data; return; }
    for (const { name, value } of [...next.attributes]) if (now.getAttribute(name) !== value) now.setAttribute(name, value);
    for (const { name } of [...now.attributes]) if (!next.hasAttribute(name)) now.removeAttribute(name);
    const [old, fresh] = [[...now.childNodes], [...next.childNodes]];
    fresh.forEach((child, at) => (old[at] ? update(old[at], child) : now.append(child)));
    old.slice(fresh.length).forEach((child) => child.remove());
  };
  const look = async () => {
    try {
      const answer = await fetch(location.pathname + location.search, { cache: "no-store", redirect: "manual" });
      if (answer.headers.get("X-Appliance-Page") !== "status") return location.replace(location.pathname + location.search);
      const next = new DOMParser().parseFromString(await answer.text(), "text/html");
      document.title = next.title;
      update(page, next.getElementById("page"));
    } catch {}
    later();
  };
  const later = () => page.dataset.refresh && setTimeout(look, page.dataset.refresh * 1000);
  later();
})();
`;
