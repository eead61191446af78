import FleetModel
import Foundation

/// What a Prometheus server answers to an instant query.
enum Prometheus {
    private struct Answer: Decodable {
        var status: String
        var error: String?
        var data: Payload?
    }

    private struct Payload: Decodable {
        var resultType: String
        var result: Result

        enum Result: Decodable {
            case vector([Sample])
            case scalar(Point)

            init(from decoder: any Decoder) throws {
                let container = try decoder.singleValueContainer()
                if let samples = try? container.decode([Sample].self) {
                    self = .vector(samples)
                } else {
                    self = .scalar(try container.decode(Point.self))
                }
            }
        }
    }

    private struct Sample: Decodable { var value: Point }

    /// A time and a number, the latter as text.
    private struct Point: Decodable {
        var number: Double?

        init(from decoder: any Decoder) throws {
            var container = try decoder.unkeyedContainer()
            _ = try container.decode(Double.self)
            number = Double(try container.decode(String.self))
        }
    }

    /// The numbers, or why there are none; secrets are taken out of the server's words.
    static func report(_ body: [UInt8], hiding secrets: URLSecrets) -> LocalReport {
        let shown = { (words: String) in String(secrets.redacted(from: words).prefix(300)) }
        guard let answer = try? JSONDecoder().decode(Answer.self, from: Data(body)) else {
            return LocalReport(
                isSuccess: false, code: "malformed",
                message: "the answer is not Prometheus': \(shown(String(decoding: body.prefix(16_384), as: UTF8.self)))"
            )
        }
        guard answer.status == "success", let data = answer.data else {
            return LocalReport(
                isSuccess: false, code: "refused", message: answer.error.map(shown) ?? "the query failed")
        }
        let points: [Point] =
            switch data.result {
            case .vector(let samples): samples.map(\.value)
            case .scalar(let point): [point]
            }
        return LocalReport(isSuccess: true, code: "status 200", values: points.compactMap(\.number))
    }
}
