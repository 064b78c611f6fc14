// Everything here only adds comfort: each page does all it does without it.
import { initAll } from "govuk-frontend";

document.body.classList.add("js-enabled", "govuk-frontend-supported");
initAll();
offerSelectAll();
refreshWhilePending();
previewWhileTyping();
goOn();
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

// <form data-go-on>: what is done part by part goes on by itself, once its page is there: a browser may drop a form that
// is sent while its page still loads.
function goOn() {
  const form = document.querySelector("form[data-go-on]");
  if (form) addEventListener("load", () => setTimeout(() => form.submit(), 100));
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

// <form data-preview="ID">: what its button "Preview" does, whenever somebody pauses; of the answer only the part ID is
// taken. Nothing is saved.
function previewWhileTyping() {
  for (const form of document.querySelectorAll("form[data-preview]")) {
    let pause;
    let asked = 0;
    const show = async () => {
      const mine = ++asked;
      const fields = new URLSearchParams(new FormData(form));
      fields.set("step", "preview");
      const answer = await fetch(form.getAttribute("action"), { method: "POST", body: fields });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const [part, fresh] = [document, page].map((one) => one.getElementById(form.dataset.preview));
      if (answer.redirected || mine !== asked || !fresh || fresh.innerHTML === part.innerHTML) return;
      const opened = part.querySelector("details")?.open;
      part.replaceChildren(...fresh.childNodes);
      if (opened) part.querySelector("details")?.setAttribute("open", "");
    };
    form.addEventListener("input", () => {
      clearTimeout(pause);
      pause = setTimeout(() => show().catch(() => {}), 400);
    });
  }
}

// The left and right arrow keys follow <a rel="prev"> and <a rel="next">, unless what has the focus uses them itself.
function openNeighbour(event) {
  const rel = { ArrowLeft: "prev", ArrowRight: "next" }[event.key];
  if (!rel || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (event.target.closest("input, select, textarea, iframe, [tabindex], [contenteditable]")) return;
  document.querySelector(`a[rel~="${rel}"]`)?.click();
}
