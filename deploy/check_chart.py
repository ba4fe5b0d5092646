"""Lints a chart, renders it as its users do, and checks what comes out against the schemas of Kubernetes.

python deploy/check_chart.py CHART      wants helm, and kubernetes-validate and PyYAML
"""

import subprocess
import sys

import kubernetes_validate
import yaml

VERSION = '1.29'  # the oldest that the chart says it runs on
EVERYTHING = {
    'autoscaling.enabled': 'true',
    'serviceMonitor.enabled': 'true',
    'serviceMonitor.tokenSecret.name': 'metrics',
    'existingSecret': 'gateways',
    'triton': 'triton.default.svc:8001',
    'settings.SYLSTREAM_LOG_LEVEL': 'debug',
    'hosts[0]': 'app.example',
}
RENDERINGS = {'by default': {}, 'with everything': EVERYTHING, 'without a network policy': {'networkPolicy.enabled': 'false'}}
KINDS = {'Deployment', 'Service', 'ServiceAccount', 'PodDisruptionBudget', 'HorizontalPodAutoscaler', 'ServiceMonitor', 'NetworkPolicy'}
# Resources that are not Kubernetes' own have no schema here.
STRANGERS = {'ServiceMonitor'}


def helm(*args):
    return subprocess.run(['helm', *args], check=True, capture_output=True, text=True).stdout


def check_pod(deployment):
    """What a cluster's policies ask for (Pod Security Standards, restricted)."""
    pod = deployment['spec']['template']['spec']
    (container,) = pod['containers']
    assert pod['securityContext']['runAsNonRoot'] and pod['securityContext']['runAsUser'] > 0
    assert container['securityContext']['readOnlyRootFilesystem'] and not container['securityContext']['allowPrivilegeEscalation']
    assert container['securityContext']['capabilities'] == {'drop': ['ALL']}
    names = [variable['name'] for variable in container['env']]
    assert len(names) == len(set(names)), f'a variable twice: {names}'
    drain = next(int(each['value']) for each in container['env'] if each['name'] == 'SYLSTREAM_DRAIN_MS')
    assert pod['terminationGracePeriodSeconds'] * 1000 > drain, 'it would be killed while it drains'


def main(chart):
    print(helm('lint', '--strict', chart).strip())
    seen = set()
    for name, values in RENDERINGS.items():
        settings = [part for key, value in values.items() for part in ('--set', f'{key}={value}')]
        resources = [each for each in yaml.safe_load_all(helm('template', 'release', chart, *settings)) if each]
        for resource in resources:
            seen.add(resource['kind'])
            if resource['kind'] not in STRANGERS:
                kubernetes_validate.validate(resource, VERSION, strict=True)
            if resource['kind'] == 'Deployment':
                check_pod(resource)
        print(f'{name}: {len(resources)} resources hold')
    assert seen == KINDS, f'expected {KINDS}, rendered {seen}'
    refused = subprocess.run(['helm', 'template', 'release', chart, '--set', 'triton=http://host'], capture_output=True)
    assert refused.returncode != 0, 'a value that cannot be was taken'
    print(f'skipped: the schema of {", ".join(sorted(STRANGERS))}, which is not of Kubernetes itself')


if __name__ == '__main__':
    main(sys.argv[1])
