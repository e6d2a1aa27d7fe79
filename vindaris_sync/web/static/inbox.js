// The inbox works without this. With it: one key for each answer, and where one was keeps one's place.
"use strict";

(() => {
  const reviews = [...document.querySelectorAll("[data-review]")];
  const many = document.getElementById("many");
  const place = "inbox-place";
  let at = -1;

  const go = (to) => {
    if (!reviews.length) return;
    at = Math.min(Math.max(to, 0), reviews.length - 1);
    reviews[at].focus();
    reviews[at].scrollIntoView({ block: "nearest" });
  };

  for (const [number, review] of reviews.entries()) {
    review.addEventListener("focusin", () => { at = number; });
    review.addEventListener("submit", () => sessionStorage.setItem(place, String(number)));
  }

  const count = () => {
    if (!many) return;
    const picked = document.querySelectorAll("[name=pick][form=many]:checked").length;
    many.classList.toggle("picked", picked > 0);
    many.querySelector("[data-count]").textContent = picked ? ` (${picked})` : "";
  };
  document.addEventListener("change", count);
  count();

  // What a live region holds when the page is loaded is not read aloud; what is put there afterwards is.
  const said = document.getElementById("said");
  if (said && said.firstElementChild) {
    const told = [...said.childNodes];
    said.replaceChildren();
    requestAnimationFrame(() => said.append(...told));
  }

  const kept = sessionStorage.getItem(place);
  if (kept !== null) {
    sessionStorage.removeItem(place);
    if (!document.querySelector("[role=alert]")) go(Number(kept));
  }

  const open = (summary) => {
    const details = summary.parentElement;
    details.open = !details.open;
    if (details.open) details.querySelector("input:not([type=hidden])").focus();
    else reviews[at].focus();
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    const typing = event.target.closest("input:not([type=checkbox]), textarea, select") !== null;
    if (typing) {
      if (event.key === "Escape" && at >= 0) reviews[at].focus();
      return;
    }
    if (event.key === "j") go(at + 1);
    else if (event.key === "k") go(at - 1);
    else if (event.key === "u") document.querySelector("[data-key=u]")?.click();
    else if (at >= 0 && /^[1-3celmx]$/.test(event.key)) {
      const found = reviews[at].querySelector(`[data-key="${event.key}"]`);
      if (!found) return;
      if (found.tagName === "SUMMARY") open(found);
      else found.click();
    } else return;
    event.preventDefault();
  });
})();
