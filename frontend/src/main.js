// Every page: parts that keep themselves up to date, local times, and buttons that copy.
import "./polling.js";
import { show as showTimes } from "./times.js";
import { offerCopying } from "./copying.js";
import { onContent } from "./content.js";

onContent(showTimes);
onContent(offerCopying);
