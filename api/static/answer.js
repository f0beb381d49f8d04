// An answer: shown while it grows, and the buttons under it. The server writes and cleans its HTML.
import { nodes } from "./html.js";
import { localTimes, toast } from "./page.js";
import { enhance } from "./picker.js";

const $ = (id) => document.getElementById(id);
const answer = $("answer");
// In this tab alone, and for this account alone.
const KEPT = `answer ${document.body.dataset.viewer}`;
let source = null;

// Sends a form as a script does. Throws an Error whose message is for people.
export async function send(action, fields) {
  let response;
  try {
    response = await fetch(action, {
      method: "POST",
      headers: { Accept: "application/json" },
      body: new URLSearchParams(fields),
    });
  } catch {
    throw new Error("The server cannot be reached. Your text is still here: try again in a moment.");
  }
  const given = await response.json().catch(() => ({}));
  if (response.status === 401) {
    throw new Error("You are not logged in any more. Open the login page in another tab, log in, and try again.");
  }
  if (!response.ok) throw new Error(given.detail ?? "Something went wrong. Try again in a moment.");
  return given;
}

// Says what went wrong, where it is seen and heard.
export function tell(sentence) {
  const place = $("problem") ?? $("foot");
  const notice = document.createElement("p");
  notice.className = "notice bad";
  notice.setAttribute("role", "alert");
  notice.textContent = sentence.replaceAll("`", "");
  if (place.id === "problem") place.replaceChildren(notice);
  else place.prepend(notice);
}

export function untell() {
  $("problem")?.replaceChildren();
  $("foot").querySelector(":scope > .notice")?.remove();
}

// Follows the answer with this id until it has ended. The browser itself comes back after a loss.
// `again`: it was shown before; that it is gone by now need not be told.
export function follow(id, { scroll = true, again = false } = {}) {
  source?.close();
  untell();
  sessionStorage.setItem(KEPT, id);
  answer.hidden = false;
  answer.dataset.id = id;
  answer.dataset.growing = "";
  $("stop").action = `/write/${id}/stop`;
  const pressed = $("foot").contains(document.activeElement);
  $("text").replaceChildren();
  $("foot").replaceChildren();
  $("waiting").hidden = false;
  $("progress").hidden = $("stop").hidden = false;
  $("state").textContent = $("spoken").textContent = "Writing …";
  // Whoever came by keyboard goes on from here.
  if (pressed) $("stop").querySelector("button").focus({ preventScroll: true });
  if (scroll) answer.scrollIntoView({ block: "nearest" });
  source = new EventSource(`/write/${id}/events`);
  source.addEventListener("blocks", (event) => {
    const { keep, html } = JSON.parse(event.data);
    $("waiting").hidden = true;
    const text = $("text");
    while (text.childElementCount > keep) text.lastElementChild.remove();
    text.append(nodes(html.join("")));
  });
  source.addEventListener("saved", () => ($("state").textContent = "Saved to Notion. Finishing …"));
  source.addEventListener("done", (event) => end(id, JSON.parse(event.data)));
  source.addEventListener("failed", (event) => fail(JSON.parse(event.data).detail));
  source.addEventListener("error", () => {
    if (source.readyState === EventSource.CLOSED) {
      fail(again ? "" : "This answer cannot be followed any more. Look into your history.");
    }
    else $("state").textContent = "The connection was lost. Coming back …";
  });
}

function stopFollowing() {
  source?.close();
  source = null;
  delete answer.dataset.growing;
  $("waiting").hidden = true;
  $("stop").hidden = true;
}

function end(id, { html, notion_url: page, broken_off: broken }) {
  const pressed = $("stop").contains(document.activeElement);
  stopFollowing();
  $("foot").replaceChildren(nodes(html));
  localTimes($("foot"));
  enhance($("foot"));
  if (pressed) $("foot").querySelector(".does :is(a, button):not([hidden])").focus({ preventScroll: true });
  // The line stays: were it gone, all below it would move.
  const cut = broken ? "broken off" : "stopped";
  const done = broken || $("foot").textContent.includes("Stopped after") ? cut : "written";
  $("state").textContent = done[0].toUpperCase() + done.slice(1) + (page ? " and saved" : "");
  $("spoken").textContent = `The answer is ${done}${page ? ", and saved to Notion" : ""}.`;
  if (location.pathname.startsWith("/history/")) history.replaceState(null, "", `/history/${id}`);
  document.dispatchEvent(new CustomEvent("answered", { detail: { id } }));
}

function fail(detail) {
  stopFollowing();
  sessionStorage.removeItem(KEPT);
  $("spoken").textContent = "";
  $("progress").hidden = true;
  if (!$("text").childElementCount && $("problem")) answer.hidden = true;
  if (detail) tell(detail);
}

// What was on its way, or shown, before the page was loaded again.
export function resume() {
  const id = sessionStorage.getItem(KEPT);
  if (id) follow(id, { scroll: false, again: true });
}

export function forget() {
  sessionStorage.removeItem(KEPT);
}

async function pressed(form) {
  const button = form.querySelector("button");
  if (button.disabled) return;
  button.disabled = true;
  if (form.id === "stop") $("state").textContent = "Stopping …";
  try {
    const given = await send(form.action, new FormData(form));
    if (form.id === "stop") return;
    if (form.matches("[data-rewrite]")) follow(given.id);
    else {
      const link = $("foot").querySelector("[data-page]");
      if (/^https?:/i.test(given.notion_url)) link.href = given.notion_url;
      for (const each of answer.querySelectorAll("[data-save]")) each.hidden = true;
      link.hidden = false;
      link.focus();
      const state = $("state");
      if (/^(Written|Stopped|Broken off)$/.test(state?.textContent)) state.textContent += " and saved";
      toast("Saved to Notion.");
      document.dispatchEvent(new CustomEvent("saved"));
    }
  } catch (error) {
    tell(error.message);
  } finally {
    button.disabled = false;
  }
}

answer.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-rewrite], [data-save], #stop")) return;
  event.preventDefault();
  pressed(event.target);
});
enhance($("foot"));

// On an item's own page: it may still be on its way.
if (answer.dataset.id && "growing" in answer.dataset) follow(answer.dataset.id, { scroll: false });
