// The page of vtr: search, play at the moment, follow videos, see recommendations.
// Everything that comes from outside is put in by textContent or as an attribute value, never as markup.

const $ = (id) => document.getElementById(id);
const state = { stream: null, streamKey: "", videos: new Map(), playing: null, query: null };

const tenant = () => $("tenant").value.trim() || "default";
const user = () => $("user").value.trim() || null;

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "onclick") made.addEventListener("click", value);
    else made.setAttribute(name, value === true ? "" : String(value));
  }
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return made;
}

const small = (text) => element("span", { class: "small" }, text);

function clock(seconds) {
  const whole = Math.max(0, Math.round(seconds * 10) / 10);
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  const rest = (whole % 60).toFixed(1).padStart(4, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

const counted = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;

function since(time) {
  const seconds = Math.max(0, (Date.now() - Date.parse(time)) / 1000);
  if (seconds < 90) return `${Math.round(seconds)} s ago`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min ago`;
  return new Date(time).toLocaleString();
}

async function call(path, options = {}) {
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new Error("The service cannot be reached.");
  }
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(body.detail || `The service answered ${response.status}.`);
  return body;
}

const post = (path, body) =>
  call(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

function say(id, text, isError = false) {
  $(id).textContent = text;
  $(id).classList.toggle("error", isError);
}

// --- Search ---------------------------------------------------------------------------------------------

async function search(event) {
  event?.preventDefault();
  const text = $("text").value.trim();
  if (!text) return;
  const button = $("search").querySelector("button[type=submit]");
  button.disabled = true;
  $("results").replaceChildren();
  $("notes").replaceChildren();
  say("message", "Searching.");
  const query = { text, tenant: tenant(), k: Number($("k").value) || 10 };
  if (user()) query.user_id = user();
  const heads = $("heads").value.trim() || "auto";
  if (heads !== "auto") query.heads = heads === "none" ? [] : heads.split(",").map((name) => name.trim()).filter(Boolean);
  const token = (state.query = {});
  try {
    const answer = await post(`/v1/search?path=${$("topics").checked ? "topics" : "http"}`, query);
    if (state.query === token) showAnswer(answer);
  } catch (error) {
    if (state.query === token) say("message", error.message, true);
  } finally {
    button.disabled = false;
  }
}

function showAnswer(answer) {
  const hits = answer.hits;
  const indexed = answer.watermark ? ` All that was submitted until ${since(answer.watermark)} is searchable.` : "";
  const took = answer.took_ms?.total ? ` in ${Math.max(1, Math.round(answer.took_ms.total))} ms` : "";
  if (hits.length) {
    say("message", `${counted(hits.length, "answer")}${took}.${indexed}`);
  } else if (!answer.watermark) {
    say("message", "Nothing is indexed yet. Add a video below and search again once it is searchable.");
  } else {
    say("message", `No answer among what is indexed.${indexed}`);
  }
  const stages = new Map();
  for (const { stage, reason } of answer.skipped || []) stages.set(reason, [...(stages.get(reason) || []), stage]);
  const notes = [...stages].map(([reason, left]) => element("li", {}, `Left out: ${left.join(", ")} (${reason}).`));
  if (answer.degraded) {
    notes.unshift(element("li", { class: "error" }, "This answer is degraded: what was left out may have changed it."));
  }
  $("notes").replaceChildren(...notes);
  $("results").replaceChildren(...hits.map((hit) => hitCard(hit, answer)));
}

// What learned heads made of a hit, in words: how well it fits, which experts counted, how the thing is done.
function headNotes(hit) {
  const percent = (share) => `${Math.round(share * 100)} %`;
  const notes = (hit.heads || []).map(({ head, score, gates }) => {
    const counted = Object.entries(gates || {}).filter(([, gate]) => gate >= 0.05)
      .map(([name, gate]) => `${name} ${percent(gate)}`).join(", ");
    return `${head} ${score.toFixed(2)}${counted ? ` (${counted})` : ""}`;
  });
  if (hit.manner) notes.push(hit.manner.score > hit.manner.antonym_score
    ? `rather ${hit.manner.adverb} than ${hit.manner.antonym}` : `rather ${hit.manner.antonym} than ${hit.manner.adverb}`);
  return notes.join(", ");
}

// The heat of a frame's cells over its picture; a grid of the frame's own shape, scaled with it.
function heatGrid(heat) {
  const cells = heat.values.map((value) => {
    const cell = element("span");
    cell.style.opacity = value;
    return cell;
  });
  const grid = element("span", { class: "heat", "aria-hidden": "true" }, ...cells);
  grid.style.gridTemplateColumns = `repeat(${heat.columns}, 1fr)`;
  return grid;
}

function hitCard(hit, answer) {
  const frame = hit.best_frame;
  const picture = frame
    ? element("img", { class: "picture", alt: "", loading: "lazy",
        src: `/v1/frames?${new URLSearchParams({ pack: frame.frame_pack_uri, index: frame.index, tenant: answer.tenant || tenant() })}` })
    : element("span", { class: "picture" });
  const heat = hit.heat && frame && hit.heat.index === frame.index ? heatGrid(hit.heat) : null;
  // The picture is letterboxed; the heat lies over what it shows.
  if (heat) picture.addEventListener("load", () => {
    const shape = picture.naturalWidth / picture.naturalHeight;
    heat.style.inset = shape < 16 / 9 ? `0 ${50 - 50 * shape * 9 / 16}%` : `${50 - 50 * 16 / 9 / shape}% 0`;
  });
  const told = headNotes(hit);
  const title = hit.title || hit.video_id;
  const moment = hit.moment;
  // Cosines say how well each side matches; shares say which of several sides put the hit where it is.
  const shares = hit.shares || [];
  const matches = shares.map(({ modality, cosine, share }) =>
    `${modality} ${cosine.toFixed(2)}${shares.length > 1 ? ` (${Math.round(share * 100)} %)` : ""}`).join(", ");
  const others = (hit.other_clips || []).slice(0, 4).map((clip) => clock(clip.t0_s)).join(", ");
  const open = () =>
    play({ video_id: hit.video_id, clip_id: hit.clip_id, title, start_s: moment.start_s, duration_s: hit.duration_s,
      query_id: answer.query_id, position: hit.rank });
  return element("li", {},
    element("button", { type: "button", class: "card", onclick: open,
        "aria-label": `${title}, play from ${clock(moment.start_s)}` },
      element("span", { class: "frame" }, picture, heat, element("span", { class: "at" }, clock(moment.start_s))),
      element("span", { class: "words" },
        element("span", { class: "title" }, title),
        small(`${clock(moment.start_s)} to ${clock(moment.end_s)}${hit.duration_s ? ` of ${clock(hit.duration_s)}` : ""}`),
        matches ? small(`similarity: ${matches}`) : null,
        told ? small(`heads: ${told}`) : null,
        others ? small(`also at ${others}`) : null,
        hit.transcript ? small(`“${hit.transcript.slice(0, 160)}${hit.transcript.length > 160 ? "…" : ""}”`) : null)));
}

// --- Player and interactions ----------------------------------------------------------------------------

function play(what) {
  reportWatch();
  state.playing = { ...what, tenant: tenant(), user: user(), watched: 0, last: null };
  $("player").hidden = false;
  $("player-title").textContent = what.title;
  $("player-note").hidden = true;
  // What an unknown person likes cannot be kept.
  $("like").hidden = $("not-for-me").hidden = !user();
  liked(false);
  const video = $("video");
  video.src = `/v1/videos/${encodeURIComponent(what.video_id)}/media?${new URLSearchParams({ tenant: tenant() })}#t=${what.start_s}`;
  video.addEventListener("loadedmetadata", () => { video.currentTime = what.start_s; }, { once: true });
  video.play().catch(() => {});
  $("player").scrollIntoView({ block: "start" });
  interact("click");
}

function liked(is) {
  $("like").setAttribute("aria-pressed", String(is));
  $("like").textContent = is ? "Liked" : "I like this";
}

function closePlayer() {
  reportWatch();
  state.playing = null;
  $("video").removeAttribute("src");
  $("video").load();
  $("player").hidden = true;
}

function interact(kind, more = {}) {
  const playing = state.playing;
  if (!playing?.user) return;
  const body = { user_id: playing.user, tenant: playing.tenant, video_id: playing.video_id, kind, ...more };
  for (const field of ["clip_id", "query_id", "position"]) if (playing[field]) body[field] = playing[field];
  // keepalive: the last report may be sent while the page closes.
  fetch("/v1/interactions", {
    method: "POST", keepalive: true, headers: { "content-type": "application/json" }, body: JSON.stringify(body),
  }).catch(() => {});
}

function reportWatch() {
  const playing = state.playing;
  if (!playing || playing.watched < 1 || playing.watched === playing.reported) return;
  playing.reported = playing.watched;
  interact("watch", { watch_s: Math.round(playing.watched * 10) / 10 });
}

function trackTime() {
  const playing = state.playing;
  const video = $("video");
  if (!playing) return;
  const step = playing.last === null ? 0 : video.currentTime - playing.last;
  if (!video.seeking && step > 0 && step < 2) playing.watched += step;
  playing.last = video.currentTime;
}

async function explainMediaError() {
  if (!state.playing) return;
  const note = $("player-note");
  try {
    await call(`/v1/videos/${encodeURIComponent(state.playing.video_id)}/media?${new URLSearchParams({ tenant: tenant() })}`,
      { headers: { range: "bytes=0-0" } });
    note.textContent = "This browser cannot play this video's format.";
  } catch (error) {
    note.textContent = `This video cannot be played: ${error.message}`;
  }
  note.hidden = false;
}

// --- Recommendations ------------------------------------------------------------------------------------

async function loadFeed() {
  $("feed").replaceChildren();
  if (!user()) {
    say("feed-message", "Say who you are under Options to get recommendations.");
    return;
  }
  try {
    showFeed(await call(`/v1/people/${encodeURIComponent(user())}/recommendations?${new URLSearchParams({ tenant: tenant(), k: 12 })}`));
  } catch (error) {
    say("feed-message", `No recommendations: ${error.message}`, true);
  }
}

function showFeed(feed) {
  say("feed-message", feed.items.length ? "" : "Nothing to recommend: there is no video that you have not seen.");
  $("feed").replaceChildren(...feed.items.map((item) => {
    const title = item.title || item.video_id;
    return element("li", {},
      element("button", { type: "button", class: "card",
          onclick: () => play({ video_id: item.video_id, clip_id: item.clip_id, title, start_s: item.start_s || 0 }) },
        element("span", { class: "words" }, element("span", { class: "title" }, title), small(item.reason))));
  }));
}

// --- Videos and live updates ----------------------------------------------------------------------------

const STAGES = {
  received: "received", decoded: "cut into clips", encoded: "embedded",
  searchable: "searchable", failed: "failed", deleted: "deleted",
};
const SHOWN_VIDEOS = 50;

async function loadVideos() {
  state.videos.clear();
  try {
    const listed = await call(`/v1/videos?${new URLSearchParams({ tenant: tenant(), limit: SHOWN_VIDEOS })}`);
    for (const video of listed.videos) state.videos.set(video.video_id, video);
    const counts = Object.entries(listed.counts).map(([stage, count]) => `${count} ${STAGES[stage] || stage}`);
    say("counts", counts.length ? counts.join(", ") : "No video was submitted yet.");
  } catch (error) {
    say("counts", error.message, true);
  }
  showVideos();
}

function showVideos() {
  const newest = [...state.videos.values()]
    .sort((one, other) => (one.submitted_at < other.submitted_at ? 1 : -1)).slice(0, SHOWN_VIDEOS);
  $("videos").replaceChildren(...newest.map((video) => {
    const more = [];
    if (video.clips_searchable) more.push(counted(video.clips_searchable, "clip"));
    if (video.upload_to_searchable_s) more.push(`searchable ${video.upload_to_searchable_s.toFixed(1)} s after upload`);
    more.push(...(video.notes || []));
    if (video.failure) more.push(`${video.failure.message} (${video.failure.code})`);
    more.push(since(video.updated_at));
    return element("li", {},
      element("span", { class: "title" }, video.title || video.video_id),
      element("span", { class: "progress" },
        element("span", { class: `stage ${STAGES[video.stage] ? video.stage : ""}` }, STAGES[video.stage] || video.stage),
        small(more.join(", "))));
  }));
}

let countsTimer = null;
function onStatus(status) {
  const known = state.videos.get(status.video_id);
  state.videos.set(status.video_id, { ...status, title: status.title || known?.title || "" });
  showVideos();
  // The counts change with it; asked for once for a burst.
  countsTimer ??= setTimeout(() => { countsTimer = null; loadVideos(); }, 1000);
}

function connect() {
  const parameters = new URLSearchParams({ tenant: tenant() });
  if (user()) parameters.set("user_id", user());
  const key = parameters.toString();
  if (state.stream && state.streamKey === key) return;
  state.stream?.close();
  state.streamKey = key;
  const stream = (state.stream = new EventSource(`/v1/events?${key}`));
  stream.addEventListener("open", () => say("connection", "Live updates are on."));
  stream.addEventListener("error", () => say("connection", "Live updates are interrupted; trying again.", true));
  stream.addEventListener("video.status", (event) => onStatus(JSON.parse(event.data)));
  stream.addEventListener("recommendation.updated", (event) => showFeed(JSON.parse(event.data)));
  stream.addEventListener("missed", loadVideos);
}

async function submitVideo(event) {
  event.preventDefault();
  const body = { uri: $("uri").value.trim(), tenant: tenant() };
  if ($("title").value.trim()) body.title = $("title").value.trim();
  try {
    const accepted = await post("/v1/videos", body);
    say("submit-message", `Submitted as ${accepted.video_id}.`);
    $("submit-video").reset();
  } catch (error) {
    say("submit-message", error.message, true);
  }
}

function whoChanged() {
  localStorage.setItem("vtr.user", $("user").value.trim());
  localStorage.setItem("vtr.tenant", tenant());
  connect();
  loadFeed();
  loadVideos();
}

$("user").value = localStorage.getItem("vtr.user") || "";
$("tenant").value = localStorage.getItem("vtr.tenant") || "default";
$("search").addEventListener("submit", search);
$("submit-video").addEventListener("submit", submitVideo);
$("user").addEventListener("change", whoChanged);
$("tenant").addEventListener("change", whoChanged);
$("video").addEventListener("timeupdate", trackTime);
$("video").addEventListener("pause", reportWatch);
$("video").addEventListener("ended", reportWatch);
$("video").addEventListener("error", explainMediaError);
addEventListener("pagehide", reportWatch);
$("like").addEventListener("click", () => { interact("like"); liked(true); });
$("not-for-me").addEventListener("click", () => { interact("skip"); closePlayer(); });
$("close").addEventListener("click", closePlayer);

const asked = new URLSearchParams(location.search).get("q");
if (asked) {
  $("text").value = asked;
  search();
}
whoChanged();
