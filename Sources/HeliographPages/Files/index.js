// The start page's live figures: the latest of the channel dashboard:server, once a second.
import { connect, showState } from "/assets/live.js";
import { duration } from "/assets/units.js";

const byID = (id) => document.getElementById(id);
const scene = byID("scene");
const number = new Intl.NumberFormat();
const client = connect();

showState(client, byID("state"), (state) => {
  // An old figure that looks live would be a lie.
  if (state !== "open") for (const id of ["uptime", "sockets", "messages", "people"]) byID(id).textContent = "–";
});

const channel = client.subscription("dashboard:server", { delta: "fossil" });
channel.on("publication", ({ data }) => {
  show(data);
  flash();
});
channel.on("subscribed", async () => {
  const { publications } = await channel.history({ limit: 1, reverse: true }).catch(() => ({ publications: [] }));
  if (publications.length) show(publications[0].data);
});
channel.subscribe();

function show(figures) {
  byID("uptime").textContent = duration(figures.uptime);
  byID("sockets").textContent = number.format(figures.connections);
  byID("messages").textContent = number.format(figures.messages);
  byID("people").textContent = number.format(figures.people);
}

let fading = null;
const calm = matchMedia("(prefers-reduced-motion: reduce)");

function flash() {
  if (calm.matches) return;
  clearTimeout(fading);
  scene.classList.add("flash");
  fading = setTimeout(() => scene.classList.remove("flash"), 140);
}

const origin = location.origin.replace(/^http/, "ws");
for (const element of document.querySelectorAll("[data-url]")) element.textContent = origin + element.dataset.url;

for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", async () => {
    const text = button.parentElement.querySelector("code").textContent;
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Select it by hand"; // Browsers give no clipboard to pages without TLS.
    }
    setTimeout(() => (button.textContent = "Copy"), 2_000);
  });
}
