// The page works without this. With it: times in the reader's zone, and keys.
"use strict";

(() => {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const forms = {
    time: new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" }),
    date: new Intl.DateTimeFormat(undefined, { dateStyle: "medium" }),
  };
  for (const each of document.querySelectorAll("time[data-show]")) {
    const at = new Date(each.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    each.title = each.textContent;
    each.textContent = forms[each.dataset.show].format(at);
  }
  for (const each of document.querySelectorAll("[data-zone]")) {
    each.parentNode.firstChild.data = `Times are those of ${zone}`;
  }

  const pages = { i: "/inbox", g: "/goals", t: "/trace", r: "/reports", o: "/operations" };
  const help = document.getElementById("keys");
  let going = 0;

  const typing = (target) => target.closest("input, textarea, select, [contenteditable]") !== null;

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (going && event.timeStamp - going < 1500 && pages[event.key]) {
      going = 0;
      event.preventDefault();
      location.assign(pages[event.key]);
    } else if (event.key === "g") {
      going = event.timeStamp;
    } else {
      going = 0;
      if (event.key === "?" && help && !help.open) {
        event.preventDefault();
        help.showModal();
      }
    }
  });
})();
