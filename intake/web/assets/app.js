// Everything here only adds comfort: each page does all it does without it.
import { initAll } from "govuk-frontend";

document.body.classList.add("js-enabled", "govuk-frontend-supported");
initAll();
offerSelectAll();
refreshWhilePending();
document.addEventListener("keydown", openNeighbour);

// <input type="checkbox" data-select-all="NAME" hidden>: ticks and unticks every checkbox called NAME in its form.
function offerSelectAll() {
  for (const all of document.querySelectorAll("input[data-select-all]")) {
    const boxes = [...all.form.querySelectorAll(`input[type=checkbox][name="${CSS.escape(all.dataset.selectAll)}"]`)];
    const show = () => {
      const ticked = boxes.filter((box) => box.checked).length;
      all.checked = ticked > 0 && ticked === boxes.length;
      all.indeterminate = ticked > 0 && ticked < boxes.length;
    };
    all.addEventListener("change", () => boxes.forEach((box) => (box.checked = all.checked)));
    boxes.forEach((box) => box.addEventListener("change", show));
    (all.closest("[hidden]") ?? all).hidden = false;
    show();
  }
}

// <div id="ID" data-refresh="SECONDS">: fetched anew until the page no longer says so; never under the reader's focus.
function refreshWhilePending() {
  for (const part of document.querySelectorAll("[id][data-refresh]")) {
    setTimeout(() => refresh(part).catch(() => {}), Number(part.dataset.refresh) * 1000);
  }
}

async function refresh(part) {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok || answer.redirected) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById(part.id);
  if (fresh && !part.contains(document.activeElement) && fresh.innerHTML !== part.innerHTML) {
    part.replaceChildren(...fresh.childNodes);
  }
  if (fresh?.dataset.refresh) setTimeout(() => refresh(part).catch(() => {}), Number(fresh.dataset.refresh) * 1000);
}

// The left and right arrow keys follow <a rel="prev"> and <a rel="next">, unless what has the focus uses them itself.
function openNeighbour(event) {
  const rel = { ArrowLeft: "prev", ArrowRight: "next" }[event.key];
  if (!rel || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (event.target.closest("input, select, textarea, iframe, [tabindex], [contenteditable]")) return;
  document.querySelector(`a[rel~="${rel}"]`)?.click();
}
