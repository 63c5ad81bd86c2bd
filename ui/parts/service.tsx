import { serviceColor } from '../shell/colors.ts';

/** A service's name behind its colour. */
export function Service({ name }: { readonly name: string }) {
  return (
    <span class="service" title={name}>
      <ServiceDot name={name} />
      <span class="clip">{name}</span>
    </span>
  );
}

export function ServiceDot({ name }: { readonly name: string }) {
  return <i class="service-dot" style={{ background: serviceColor(name) }} />;
}

/** How many spans each service has, the most first: coloured counts. */
export function ServiceCounts(props: {
  readonly services: readonly { readonly name: string; readonly spans: number }[];
  readonly most: number;
  readonly rest: (n: number) => string;
}) {
  const sorted = props.services.toSorted((a, b) => b.spans - a.spans);
  const shown = sorted.slice(0, props.most);
  const hidden = sorted.slice(props.most);
  return (
    <span class="service-counts">
      {shown.map(({ name, spans }) => (
        <span key={name} class="service-count" title={`${name}: ${spans}`}>
          <ServiceDot name={name} />
          <span class="clip">{name}</span>
          <span class="num quiet">{spans}</span>
        </span>
      ))}
      {hidden.length > 0 && (
        <span class="quiet num" title={hidden.map(({ name, spans }) => `${name}: ${spans}`).join('\n')}>
          {props.rest(hidden.length)}
        </span>
      )}
    </span>
  );
}
