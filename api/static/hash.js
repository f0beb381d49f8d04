// What a link carries behind its #, which is sent nowhere: put into the form's field, kept through
// a login where that comes between, and taken out of the address bar at once.

const place = document.querySelector("[data-hash]");
const name = place?.dataset.hash ?? document.body.querySelector("[data-keeps]")?.dataset.keeps;
const KEPT = `hash ${location.pathname} ${name}`;
const given = new URLSearchParams(location.hash.slice(1)).get(name);
if (location.hash) history.replaceState(null, "", location.pathname);
if (given) sessionStorage.setItem(KEPT, given);

if (place) {
  const kept = sessionStorage.getItem(KEPT);
  sessionStorage.removeItem(KEPT);
  const field = place.querySelector("input");
  const form = place.closest("form");
  if (kept) {
    field.value = kept;
    place.hidden = true;
    if ("send" in form.dataset) form.requestSubmit();
    else form.querySelector("input:not([value]):not([name=" + name + "]), button").focus();
  }
}
