"""The image's bill of materials: SPDX 2.3 as JSON."""

import hashlib
import json
import re
import urllib.parse
import uuid

NAME = "kubecost-allocation-exporter"
_UNKNOWN = "NOASSERTION"


def _id(kind, text):
    return f"SPDXRef-{kind}-" + re.sub(r"[^A-Za-z0-9.-]", lambda odd: f"-{ord(odd.group()):x}-", text)


def _purl(package, system):
    def quote(text):
        return urllib.parse.quote(text, safe="")

    distro = f"{system.id}-{system.version}"
    url = f"pkg:deb/{system.id}/{quote(package.name)}@{quote(package.version)}?arch={package.arch}&distro={distro}"
    return url if package.name == package.source else f"{url}&upstream={quote(package.source)}"


def _system(system):
    """What scanners go by to know whose advisories the packages' are."""
    return {
        "SPDXID": _id("OperatingSystem", system.id),
        "name": system.id,
        "versionInfo": system.version,
        "primaryPackagePurpose": "OPERATING-SYSTEM",
        "supplier": _UNKNOWN,
        "downloadLocation": _UNKNOWN,
        "filesAnalyzed": False,
        "licenseConcluded": _UNKNOWN,
        "licenseDeclared": _UNKNOWN,
        "copyrightText": _UNKNOWN,
    }


def _package(package, system):
    licence = package.licence or _UNKNOWN
    return {
        "SPDXID": _id("Package", package.name),
        "name": package.name,
        "versionInfo": package.version,
        "supplier": "Organization: Debian",
        "downloadLocation": _UNKNOWN,
        "filesAnalyzed": False,
        "sourceInfo": f"architecture {package.arch}; Debian source package {package.source} {package.source_version}",
        "licenseConcluded": _UNKNOWN,
        "licenseDeclared": licence,
        "licenseComments": f"All terms: /usr/share/doc/{package.name}/copyright",
        "copyrightText": _UNKNOWN,
        "externalRefs": [
            {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": _purl(package, system)}
        ],
    }


def _file(path, content):
    return {
        "SPDXID": _id("File", path),
        "fileName": f".{path}",
        "checksums": [
            {"algorithm": "SHA1", "checksumValue": hashlib.sha1(content).hexdigest()},
            {"algorithm": "SHA256", "checksumValue": hashlib.sha256(content).hexdigest()},
        ],
        "licenseConcluded": _UNKNOWN,
        "copyrightText": _UNKNOWN,
    }


def _image(version, revision, files, own_path):
    sums = sorted(file["checksums"][0]["checksumValue"] for file in files)
    return {
        "SPDXID": _id("Package", NAME),
        "name": NAME,
        "versionInfo": version,
        "primaryPackagePurpose": "CONTAINER",
        "supplier": _UNKNOWN,
        "downloadLocation": _UNKNOWN,
        "filesAnalyzed": True,
        "packageVerificationCode": {
            "packageVerificationCodeValue": hashlib.sha1("".join(sums).encode()).hexdigest(),
            "packageVerificationCodeExcludedFiles": [f".{own_path}"],
        },
        "sourceInfo": f"revision {revision}",
        "licenseConcluded": _UNKNOWN,
        "licenseDeclared": "Apache-2.0",
        "copyrightText": _UNKNOWN,
    }


def document(version, revision, created, own_path, contents, shipped, compiled_in, system):
    """The document as text.

    contents: {path in the image: bytes}, without the document itself, whose place is own_path.
    shipped: {path: Package that the file was taken from, None for a file of ours}.
    compiled_in: {Package: "STATIC_LINK" or "GENERATED_FROM" (its headers)}, of the program.
    system: the System that all packages are of.
    """
    files = [_file(path, content) for path, content in sorted(contents.items())]
    image = _id("Package", NAME)
    program = _id("File", f"/usr/bin/{NAME}")
    packages = sorted({*filter(None, shipped.values()), *compiled_in}, key=lambda package: package.name)
    relations = [("SPDXRef-DOCUMENT", "DESCRIBES", image)]
    relations += [(image, "CONTAINS", file["SPDXID"]) for file in files]
    of_system = _id("OperatingSystem", system.id)
    relations.append((image, "CONTAINS", of_system))
    relations += [(of_system, "CONTAINS", _id("Package", package.name)) for package in packages]
    relations += [
        (_id("File", path), "EXPANDED_FROM_ARCHIVE", _id("Package", package.name))
        for path, package in sorted(shipped.items())
        if package
    ]
    libraries = {package for path, package in shipped.items() if package and ".so" in path}
    relations += [(program, "DYNAMIC_LINK", _id("Package", package.name)) for package in sorted(libraries)]
    relations += [
        (program, kind, _id("Package", package.name))
        for package, kind in sorted(compiled_in.items(), key=lambda item: item[0].name)
    ]
    text = {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"{NAME}-{version}",
        "creationInfo": {"created": created, "creators": [f"Tool: {NAME}-assemble-{version}"]},
        "packages": [
            _image(version, revision, files, own_path),
            _system(system),
            *(_package(package, system) for package in packages),
        ],
        "files": files,
        "relationships": [
            {"spdxElementId": element, "relationshipType": kind, "relatedSpdxElement": related}
            for element, kind, related in relations
        ],
    }
    # The same contents have the same name, others another.
    text["documentNamespace"] = uuid.uuid5(uuid.NAMESPACE_OID, json.dumps(text)).urn
    return json.dumps(text, indent=1, sort_keys=True) + "\n"
