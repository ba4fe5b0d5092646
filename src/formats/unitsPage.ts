import { escapeXml } from './escapeXml.ts';
import { percent } from './percent.ts';

/** A unit as the page shows it. */
export interface UnitEntry {
  /** 1 to M. */
  readonly id: number;
  /** Share of all segments that are no pause, 0 to 1. */
  readonly share: number;
  /** What it stands for, the commonest first. */
  readonly says: readonly {
    readonly label: string;
    readonly phones: string;
    readonly share: number;
  }[];
  /** Numbers of the units that are taken for it most easily. */
  readonly near: readonly number[];
  /** How it sounds, a whole WAV file; without it the unit cannot be played. */
  readonly wav?: Uint8Array | undefined;
}

/** What the page is made from. */
export interface UnitsPage {
  readonly title: string;
  /** A line about the bundle and the voice. */
  readonly about: string;
  readonly units: readonly UnitEntry[];
}

/**
 * Draws all units of a bundle as one HTML page that needs nothing else: number, what it stands for, how often it occurs, what it is
 * taken for, and a button that plays it. A field finds units by number, spelling or phones.
 */
export function unitsPage({ title, about, units }: UnitsPage): string {
  const labels = new Map(units.map(({ id, says }) => [id, says.at(0)?.label]));
  const example = units.find(({ says }) => says.length > 0)?.says[0];
  const asked = example === undefined ? '1' : `${example.label}, ${example.phones}, 1`;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeXml(title)}</title>
<style>${STYLE}</style>
<main>
<h1>${escapeXml(title)}</h1>
<p>${escapeXml(about)}</p>
<label>Find <input type="search" id="find" placeholder="${escapeXml(asked)}"></label>
<output id="found">${units.length} units</output>
<table>
<thead><tr><th>Unit<th>Stands for<th>Also<th>Phones<th>Of all units<th>Near it
<tbody>
${units.map((unit) => row(unit, labels)).join('\n')}
</table>
</main>
<script>${SCRIPT}</script>
</html>
`;
}

function row({ id, share, says, near, wav }: UnitEntry, labels: Labels): string {
  const [first, ...others] = says;
  const name = first === undefined ? String(id) : first.label;
  const play =
    wav === undefined
      ? ''
      : `<button aria-label="Play unit ${id}, ${escapeXml(name)}" data-wav="${Buffer.from(wav).toString('base64')}">▶</button> `;
  const cells = [
    `<th scope="row">${play}${id}`,
    first === undefined
      ? '<td>no syllable often'
      : `<td><b>${escapeXml(first.label)}</b> ${percent(first.share)}`,
    `<td>${others.map((one) => `${escapeXml(one.label)} ${percent(one.share)}`).join(', ')}`,
    `<td>${escapeXml(first?.phones ?? '')}`,
    `<td class="n">${percent(share, 2)}`,
    `<td>${near.map((other) => link(other, labels)).join(', ')}`,
  ];
  const words = says.flatMap(({ label, phones }) => [label, phones]);
  return `<tr id="u${id}" data-find="${escapeXml(['', id, ...words, ''].join('|').toLowerCase())}">${cells.join('')}`;
}

type Labels = ReadonlyMap<number, string | undefined>;

function link(id: number, labels: Labels): string {
  return `<a href="#u${id}">${escapeXml(labels.get(id) ?? String(id))}</a>`;
}

const STYLE = `
:root{color-scheme:light dark;font:15px/1.5 system-ui,"DejaVu Sans",sans-serif}
main{max-width:1100px;margin:0 auto;padding:16px}
table{border-collapse:collapse;width:100%;margin-top:12px}
th,td{text-align:left;padding:4px 12px 4px 0;border-bottom:1px solid #8884;vertical-align:top}
th[scope=row]{white-space:nowrap;font-variant-numeric:tabular-nums}
thead th{position:sticky;top:0;background:Canvas}
.n{text-align:right;font-variant-numeric:tabular-nums}
button{font:inherit;cursor:pointer}
tr{scroll-margin-top:3em}
tr:target{background:#fd08}
`;

const SCRIPT = `
const rows=[...document.querySelectorAll('tbody tr')];
const find=document.getElementById('find'),found=document.getElementById('found'),sound=new Audio();
function show(){
const wanted=find.value.trim().toLowerCase(),exact=/^\\d+$/.test(wanted)?'|'+wanted+'|':'|'+wanted;
for(const row of rows)row.hidden=wanted!==''&&!row.dataset.find.includes(exact);
found.textContent=rows.filter(row=>!row.hidden).length+' units';
}
find.addEventListener('input',show);
addEventListener('hashchange',()=>{find.value='';show();document.querySelector(':target')?.scrollIntoView();});
document.querySelector('table').addEventListener('click',({target})=>{
const wav=target.dataset&&target.dataset.wav;
if(wav){sound.src='data:audio/wav;base64,'+wav;sound.play();}
});
`;
