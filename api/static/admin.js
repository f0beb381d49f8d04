// The overview as it is now: its parts are asked for anew while somebody looks at them.
import { nodes } from "./html.js";
import { localTimes } from "./page.js";

const EVERY = 15_000;
let asking = false;

async function renew() {
  const here = document.getElementById("components");
  if (asking || document.hidden || !here || here.matches(":focus-within")) return;
  asking = true;
  try {
    const response = await fetch("/admin", { headers: { Accept: "text/html" } });
    if (!response.ok || response.redirected) return;
    const fresh = nodes(await response.text()).getElementById("components");
    if (!fresh) return;
    localTimes(fresh);
    here.replaceWith(fresh);
  } catch {
    // What stands there is of the last time; the next turn tries again.
  } finally {
    asking = false;
  }
}

setInterval(renew, EVERY);
document.addEventListener("visibilitychange", renew);
